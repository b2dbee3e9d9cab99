/** Micro-steps as edges of a Markov process, flat [M]: from one value to the next, for a reward. */
export interface Edges {
  /** Reward on the way. */
  reward: Float32Array;
  /** What `nextValue` and the return from there count: 1 when thinking on, gamma when acting, 0 after termination. */
  discount: Float32Array;
  /** λ: how much of what follows is the return rather than `nextValue`; 0 where nothing follows, or it is cut. */
  trace: Float32Array;
  /** Value of what the edge leads to. */
  nextValue: Float32Array;
  /** The edge that follows, -1 for none; always later. */
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
