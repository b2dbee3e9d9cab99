import { describe } from '../common/describe.ts';
import type { Row } from './row.ts';

/** The largest absolute values that an environment may give. */
export interface Limits {
  /** Of each number of an observation. */
  observation: number;
  /** Of a reward. */
  reward: number;
}

/** Says why the row at `where` is no observation. A Box may contain infinity, and a float64 number may become infinite as float32. */
export function explainRow(row: Row, limits?: Limits, where = 'obs'): string | undefined {
  const most = limits?.observation ?? Number.MAX_VALUE;
  if (row instanceof Uint8Array && most >= 255) return undefined;
  for (let i = 0; i < row.length; i++) {
    // Neither is true of NaN.
    if (row[i] <= most && row[i] >= -most) continue;
    return Number.isFinite(row[i])
      ? `${where}: expected numbers within ±${most} (guards.maxObservation), got ${row[i]} at entry ${i}`
      : `${where}: expected finite float32 numbers, got ${row[i]} at entry ${i}`;
  }
  return undefined;
}

/** Says why a finite reward is outside the limits; undefined where it is inside. */
export function explainReward(reward: number, limits?: Limits): string | undefined {
  const most = limits?.reward ?? Number.MAX_VALUE;
  return Math.abs(reward) <= most
    ? undefined
    : `reward: expected a number within ±${most} (guards.maxReward), got ${describe(reward)}`;
}
