import type { RecordingHeader } from '../../recording/recording-format.ts';
import type { SpaceJson } from './space-view.ts';

/** The shares of the observation's tokens alone, in their order. */
export function observedShares(
  { tokens }: RecordingHeader,
  attention: readonly number[],
): number[] {
  return attention.filter((_, i) => !tokens[i].own);
}

/** What a token holds, where it is a row of an observation of such rows; else nothing. */
export function tokenNote(
  { tokens, spaces }: RecordingHeader,
  token: number,
  obs: unknown,
): string {
  const space = spaces.observation as SpaceJson;
  if (space.type !== 'multi-discrete' || tokens[token].own || obs === undefined) return '';
  const row = token - tokens.findIndex(({ own }) => !own);
  const fields = space.shape[1] ?? 1;
  const text = (obs as number[]).slice(row * fields, (row + 1) * fields).join(' ');
  return text && `(${text})`;
}
