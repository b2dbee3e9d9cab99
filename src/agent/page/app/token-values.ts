import type { RecordingHeader } from '../../run/recording-format.ts';
import type { SpaceJson } from './recorded-space.ts';

/** The attention to the observation's tokens, without the policy's own tokens. */
export function observedShares(
  { tokens }: RecordingHeader,
  attention: readonly number[],
): number[] {
  return attention.filter((_, i) => !tokens[i].own);
}

/** The numbers of a token that is a row or a cell of a MultiDiscrete observation; empty for any other token. */
export function tokenNote(
  { tokens, spaces }: RecordingHeader,
  token: number,
  obs: unknown,
): string {
  const space = spaces.observation as SpaceJson;
  if (space.type !== 'multi-discrete' || tokens[token].own || obs === undefined) return '';
  const numbers = obs as number[];
  const row = token - tokens.findIndex(({ own }) => !own);
  const fields = numbers.length / tokens.filter(({ own }) => !own).length;
  // Tokens of a vector, or of patches of a grid, are no rows.
  if (space.as === 'vector' || !Number.isInteger(fields)) return '';
  const text = numbers.slice(row * fields, (row + 1) * fields).join(' ');
  return text && `(${text})`;
}
