import type { RecordedDecision, RecordingHeader } from '../../recording/recording-format.ts';
import type { SpaceJson } from './space-view.ts';

/** How the page shows an action distribution, number by number. */
export interface Actions {
  labels: string[];
  /** The heading over the numbers. */
  heading: 'Probabilities' | 'Means' | 'Values';
  /** The lowest and the highest number that entry `i` can have. */
  scale: (i: number) => [low: number, high: number];
  /** Indices of the choices that the policy took. */
  taken: Set<number>;
}

/** The choices of an action space, in the order of a recording's distributions. */
export function actionsOf(
  { spaces, actions }: Pick<RecordingHeader, 'spaces' | 'actions'>,
  { action, thought }: RecordedDecision,
): Actions {
  const space = spaces.action as unknown as SpaceJson;
  const labels: string[] = [];
  const taken = new Set<number>();
  const numbers = thought.steps.flatMap(({ actions }) => actions);
  const [least, most] = [Math.min(...numbers, 0), Math.max(...numbers, 0)];
  const choices: Actions =
    actions === 'values'
      ? { labels, heading: 'Values', scale: () => [least, most], taken }
      : { labels, heading: 'Probabilities', scale: () => [0, 1], taken };
  switch (space.type) {
    case 'discrete':
      for (let i = 0; i < space.n; i++) labels.push(String(space.start + i));
      taken.add((action as number) - space.start);
      return choices;
    case 'multi-discrete':
      space.nvec.forEach((n, part) => {
        taken.add(labels.length + (action as number[])[part] - space.start[part]);
        for (let i = 0; i < n; i++) labels.push(`[${part}] = ${space.start[part] + i}`);
      });
      return choices;
    case 'multi-binary':
      (action as number[]).forEach((bit, i) => {
        labels.push(`bit ${i}`);
        if (bit === 1) taken.add(i);
      });
      return choices;
    case 'box': {
      const largest = Math.max(...numbers.map(Math.abs), Number.MIN_VALUE);
      const of = (bounds: typeof space.low, i: number) =>
        Array.isArray(bounds) ? bounds[i] : bounds;
      for (let i = 0; i < (action as number[]).length; i++) labels.push(`a[${i}]`);
      const scale = (i: number): [number, number] => {
        const [low, high] = [of(space.low, i), of(space.high, i)];
        return low === null || high === null ? [-largest, largest] : [low, high];
      };
      return { labels, heading: 'Means', scale, taken };
    }
    default:
      throw new Error(`actionsOf: expected an action space, got ${space.type}`);
  }
}
