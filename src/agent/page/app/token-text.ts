import type { RecordingHeader } from '../../run/recording-format.ts';
import type { SpaceJson, Tokens } from './recorded-space.ts';

/** The tokens of a recording whose observations and actions are the same ones, with names; undefined for any other. */
export function tokensIn({ spaces }: RecordingHeader): Tokens | undefined {
  const [sees, acts] = [spaces.observation as SpaceJson, spaces.action as SpaceJson];
  if (sees.type !== 'discrete' || acts.type !== 'discrete' || !sees.names) return undefined;
  return sees.n === acts.n && sees.start === acts.start ? sees : undefined;
}

/** What stands for a character that would not be seen. */
const SIGNS: Readonly<Record<string, string>> = { '\n': '⏎', '\t': '⇥', '\r': '␍', ' ': '␣' };

/** The name of a value, such that nothing of it is invisible; its number where nothing names it. */
export function nameOf({ names, start }: Tokens, value: number): string {
  const name = names?.[value - start];
  return (
    name?.replace(/^\s+|\s+$|[\n\t\r]/g, (blank) =>
      Array.from(blank, (one) => SIGNS[one] ?? one).join(''),
    ) ?? String(value)
  );
}

/** A value as a part of a text: its name, with a sign where a line ends. */
export function textOf({ names, start }: Tokens, value: number): string {
  return names?.[value - start]?.replaceAll('\n', '⏎\n') ?? String(value);
}
