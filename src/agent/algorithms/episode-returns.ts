/**
 * Sums over the steps t of one episode, 1 to T so far, of G_t = Σ_{k ≥ t} γ^{k−t} r_k: the return from step t on. They grow by
 * a reward without a list of those before it.
 */
export interface EpisodeReturns {
  /** T. */
  readonly envSteps: number;
  /** Σ G_t. */
  readonly sum: number;
  /** Σ G_t². */
  readonly squares: number;
  /** Σ γ^{T−t}: how much Σ G_t grows by a reward of 1. */
  readonly weight: number;
  /** Σ γ^{2(T−t)}. */
  readonly weightSquares: number;
  /** Σ γ^{T−t} G_t. */
  readonly weighted: number;
}

/** The sums of an episode that has no step yet. */
export function noReturns(): EpisodeReturns {
  return { envSteps: 0, sum: 0, squares: 0, weight: 0, weightSquares: 0, weighted: 0 };
}

/** The sums after one more step: its reward r adds γ^{T−t}·r to each G_t, and G_T = r. */
export function withReward(before: EpisodeReturns, reward: number, gamma: number): EpisodeReturns {
  const weight = gamma * before.weight + 1;
  const weightSquares = gamma ** 2 * before.weightSquares + 1;
  const weighted = gamma * before.weighted;
  return {
    envSteps: before.envSteps + 1,
    sum: before.sum + reward * weight,
    squares: before.squares + 2 * reward * weighted + reward ** 2 * weightSquares,
    weight,
    weightSquares,
    weighted: weighted + reward * weightSquares,
  };
}
