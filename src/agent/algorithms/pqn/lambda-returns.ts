/** Micro-steps as edges of a Markov process, flat [M]: from one value to the next, for a reward. */
export interface Edges {
  /** Reward of the edge. */
  reward: Float32Array;
  /** Discount of `nextValue` and of the next return: 1 for thinking on, gamma for acting, 0 for termination. */
  discount: Float32Array;
  /** λ: the weight of the next return against `nextValue`; 0 where no edge follows. */
  trace: Float32Array;
  /** Value of the state at the edge's end. */
  nextValue: Float32Array;
  /** The next edge, −1 for none; its index is always larger. */
  next: Int32Array;
}

/**
 * λ-returns (Sutton & Barto 2018, eq. 12.18; rlax `lambda_returns`):
 *
 *     G = reward + discount · ((1 − trace) · nextValue + trace · G')
 *
 * @returns the return of each edge [M]
 */
export function lambdaReturns({ reward, discount, trace, nextValue, next }: Edges): Float32Array {
  const returns = new Float32Array(reward.length);
  for (let i = reward.length - 1; i >= 0; i--) {
    const follows = next[i] < 0 ? nextValue[i] : returns[next[i]];
    const future = (1 - trace[i]) * nextValue[i] + trace[i] * follows;
    returns[i] = reward[i] + discount[i] * future;
  }
  return returns;
}
