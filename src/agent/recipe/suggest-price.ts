/** The share of the deviation of returns that one more ponder step in each decision may cost. */
const SHARE = 0.05;

/** What a run has seen of its environment's returns. */
export interface ReturnsSeen {
  /** Standard deviation of the discounted return from a step to the end of its episode; 0 before the first reward. */
  deviation: number;
  /** Decisions that a return covers. */
  horizon: number;
}

/**
 * The price of a ponder step where the config leaves it out:
 *
 *     price = 0.05 · deviation / horizon
 *
 * One more step in each decision that a return covers then costs a twentieth of what returns differ by, in whatever unit rewards
 * are. 0 before the first reward: nothing then says what a step may cost.
 */
export function suggestPrice({ deviation, horizon }: ReturnsSeen): number {
  return (SHARE * deviation) / horizon;
}
