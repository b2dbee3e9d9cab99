/** In `MicroSteps.ended`: the episode goes on after the decision. */
export const GOES_ON = 0;
/** In `MicroSteps.ended`: the episode ended with the decision, and no reward can follow. */
export const TERMINATED = 1;
/** In `MicroSteps.ended`: the episode was cut off after the decision, and values bootstrap from its last observation. */
export const TRUNCATED = 2;

/**
 * Decisions and their micro-steps. Decision t has `ponderSteps[t]` micro-steps, whose entries in [M] arrays begin at
 * `offset[t]`. The decisions of an environment are in order.
 */
export interface MicroSteps {
  /** Number of decisions (T). */
  count: number;
  /** Ponder steps n of each decision [T]. */
  ponderSteps: Int32Array;
  /** The index of each decision's first micro-step [T]. */
  offset: Int32Array;
  /** The value after each ponder step [M]. */
  values: Float32Array;
  /** The reward of each decision [T]. */
  rewards: Float32Array;
  /** Ticks of the environment's clock that each decision took, 1 where the world waits for thoughts [T]. */
  ticks: Int32Array;
  /** `GOES_ON`, `TERMINATED` or `TRUNCATED` [T]. */
  ended: Uint8Array;
  /** The weight of the trace into each decision (`depthWeights`) [T]. */
  weights: Float32Array;
  /** The index of the same environment's next decision, -1 where there is none [T]. */
  next: Int32Array;
  /** The value of the observation after a decision that ends the rollout or is truncated; unread elsewhere [T]. */
  bootstrap: Float32Array;
}

/** The discounts and the price of `advantages`. */
export interface AdvantageOptions {
  /** Discount of each tick, in [0, 1]. */
  gamma: number;
  /** GAE's λ over decisions, in [0, 1]. */
  lambda: number;
  /** GAE's λ over ponder steps, in [0, 1]. */
  lambdaThink: number;
  /** Cost of each ponder step beyond `minSteps`, in the unit of the rewards. */
  price: number;
  /** Ponder steps that cost nothing. */
  minSteps: number;
}

/**
 * Generalized advantage estimation (arXiv 1506.02438, eq. 16) over the flattened micro-steps: thinking is acting.
 *
 *     δ_think(n) = −price·[n ≥ minSteps] + V_{n+1} − V_n            A = δ + lambdaThink·A'
 *     δ_act      = r + γ·V(next decision's first readout) − V_n       A = δ + γ·lambda·A',    γ = gamma^ticks
 *
 * Where the world goes on during a thought, γ is that of a semi-Markov process (Sutton, Precup and Singh 1999).
 * A' is the advantage of the following micro-step, times the weight of the decision that it begins; 0 where the episode
 * or the rollout ends. The value after a terminated episode is 0, after a truncated one that of its final observation.
 *
 * @returns advantages [M]; the value targets are advantages + values
 * @throws RangeError where an array is shorter than `count`, or `values` shorter than M
 */
export function advantages(micro: MicroSteps, options: AdvantageOptions): Float32Array {
  checkLengths(micro);
  const { count, ponderSteps, offset, values, rewards, ticks, ended, weights, next, bootstrap } =
    micro;
  const { gamma, lambda, lambdaThink, price, minSteps } = options;
  const total = count === 0 ? 0 : offset[count - 1] + ponderSteps[count - 1];
  const result = new Float32Array(total);
  // Backwards, so that a decision's successor is done before it.
  for (let t = count - 1; t >= 0; t--) {
    const first = offset[t];
    const act = first + ponderSteps[t] - 1;
    const follower = ended[t] === GOES_ON ? next[t] : -1;
    let following = 0;
    if (follower >= 0) following = values[offset[follower]];
    else if (ended[t] !== TERMINATED) following = bootstrap[t];
    const trace = follower >= 0 ? weights[follower] * result[offset[follower]] : 0;
    const discount = ticks[t] === 1 ? gamma : gamma ** ticks[t];
    result[act] = rewards[t] + discount * following - values[act] + discount * lambda * trace;
    for (let i = act - 1; i >= first; i--) {
      const n = i - first + 1;
      const cost = n >= minSteps ? price : 0;
      result[i] = -cost + values[i + 1] - values[i] + lambdaThink * result[i + 1];
    }
  }
  return result;
}

function checkLengths({ count, values, ponderSteps, ...micro }: MicroSteps): void {
  for (const [name, array] of Object.entries({ ponderSteps, ...micro })) {
    if (array.length < count) throw short(name, count, array.length);
  }
  let total = 0;
  for (let t = 0; t < count; t++) total += ponderSteps[t];
  if (values.length < total) throw short('values', total, values.length);
}

function short(name: string, expected: number, got: number): RangeError {
  return new RangeError(`advantages: ${name}: expected at least ${expected} entries, got ${got}`);
}
