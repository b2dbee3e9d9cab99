import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';
import type { SpaceJson } from './recorded-space.ts';
import { nameOf } from './token-text.ts';

/** How the page shows an action distribution, number by number. */
export interface Actions {
  labels: string[];
  /** What the numbers are, over them. */
  heading: string;
  /** The lowest and the highest number that entry `i` can have. */
  scale: (i: number) => [low: number, high: number];
  /** Whether entry `i` is a probability. */
  isShare: (i: number) => boolean;
  /** Indices of the choices that the policy took. */
  taken: Set<number>;
  /** Whether all entries can be compared with each other. */
  alike: boolean;
  /** Whether they are the many choices of a single one, of which the likeliest matter. */
  ranked: boolean;
}

/** The most choices that are all shown. */
const UNRANKED = 14;

/** A number of a distribution. */
interface Entry {
  label: string;
  kind: 'share' | 'mean';
  taken?: boolean;
  /** Bounds of a mean. */
  low?: number | null;
  high?: number | null;
}

/** The choices of an action space, in the order of a recording's distributions. */
export function actionsOf(
  { spaces, actions }: Pick<RecordingHeader, 'spaces' | 'actions'>,
  { action, thought }: RecordedDecision,
): Actions {
  const space = spaces.action as unknown as SpaceJson;
  const entries = entriesOf(space, action, '');
  const numbers = thought.steps.flatMap(({ actions }) => actions);
  const values = actions === 'values';
  const [least, most] = [Math.min(...numbers, 0), Math.max(...numbers, 0)];
  const means = numbers.filter((_, i) => entries[i % entries.length].kind === 'mean');
  const largest = Math.max(...means.map(Math.abs), Number.MIN_VALUE);
  const parts = actions === 'parts';
  return {
    labels: entries.map(({ label }) => label),
    heading: parts
      ? 'Parts, each given the most likely choices of those before it'
      : values
        ? 'Values'
        : space.type === 'box'
          ? 'Means'
          : 'Probabilities',
    scale: (i) => {
      if (values) return [least, most];
      const { kind, low, high } = entries[i];
      if (kind === 'share') return [0, 1];
      return typeof low === 'number' && typeof high === 'number'
        ? [low, high]
        : [-largest, largest];
    },
    isShare: (i) => !values && entries[i].kind === 'share',
    taken: new Set(entries.flatMap(({ taken }, i) => (taken ? [i] : []))),
    alike: !parts && space.type !== 'box',
    ranked: space.type === 'discrete' && space.n > UNRANKED,
  };
}

/** @param name of the part; empty for the whole */
function entriesOf(space: SpaceJson, action: unknown, name: string): Entry[] {
  const within = (key: string | number) => (name ? `${name}.${key}` : String(key));
  const choice = (value: number | string) => (name ? `${name} = ${value}` : String(value));
  switch (space.type) {
    case 'discrete':
      return Array.from({ length: space.n }, (_, i) => ({
        label: choice(nameOf(space, space.start + i)),
        kind: 'share',
        taken: space.start + i === action,
      }));
    case 'multi-discrete':
      return space.nvec.flatMap((n, part) =>
        Array.from({ length: n }, (_, i): Entry => {
          const value = space.start[part] + i;
          const taken = value === (action as number[])[part];
          return { label: `${name}[${part}] = ${value}`, kind: 'share', taken };
        }),
      );
    case 'multi-binary':
      return (action as number[]).map((bit, i) => ({
        label: name ? `${name}: bit ${i}` : `bit ${i}`,
        kind: 'share',
        taken: bit === 1,
      }));
    case 'box': {
      const of = (bounds: typeof space.low, i: number) =>
        Array.isArray(bounds) ? bounds[i] : bounds;
      return (action as number[]).map((_, i) => ({
        label: `${name || 'a'}[${i}]`,
        kind: 'mean',
        low: of(space.low, i),
        high: of(space.high, i),
      }));
    }
    case 'text': {
      const characters = [...space.charset];
      const written = [...(action as string)];
      return Array.from({ length: space.maxLength }, (_, k) =>
        [...characters, undefined].map(
          (character): Entry => ({
            label: choice(`${k + 1}: ${character ?? 'the end'}`),
            kind: 'share',
            taken: k <= written.length && written[k] === character,
          }),
        ),
      ).flat();
    }
    case 'dict':
      return space.spaces.flatMap(([key, part]) =>
        entriesOf(part, (action as Record<string, unknown>)[key], within(key)),
      );
    case 'tuple':
      return space.spaces.flatMap((part, i) =>
        entriesOf(part, (action as unknown[])[i], within(i)),
      );
    default:
      throw new Error(`actionsOf: expected an action space, got ${space.type}`);
  }
}
