import { GOES_ON, TERMINATED, type Trajectory, turnDiscount } from '../../../rollout/index.ts';
import { learnedReward, type RewardFactors } from '../learned-reward.ts';
import { type Edges, lambdaReturns } from './lambda-returns.ts';
import type { PqnSettings } from './settings.ts';

export interface TargetOptions
  extends Pick<PqnSettings, 'gamma' | 'lambda' | 'lambdaThink'>,
    RewardFactors {
  /** Price per ponder step beyond minSteps, in the raw reward's unit. */
  price: number;
  minSteps: number;
}

/**
 * The targets for the values of a rollout's choices [M]: an action at the last ponder step of a decision, thinking on at
 * the others. With V the recorded value of the best choice and G the λ-return from there on,
 *
 *     act:    G = r + gamma · ((1 − lambda) · V(next decision, first step) + lambda · G(next decision, first step))
 *     think:  −price·[n ≥ minSteps] + (1 − lambdaThink) · V_{n+1} + lambdaThink · G_{n+1}
 *
 * Where the next decision is the other player's, −√gamma stands for gamma. Ponder steps do not discount a return, but their price is subtracted from it. Exploration does not cut the return
 * (Peng's Q(λ), as in PQN). After a terminated episode the return is 0; after a truncated one it is the value of its
 * final observation.
 */
export function targetsOf(trajectory: Trajectory, options: TargetOptions): Float32Array {
  const edges = edgesOf(trajectory, options);
  const targets = lambdaReturns(edges);
  const { lambdaThink } = options;
  const { count, ponderSteps, offset } = trajectory;
  // In rising order, so that targets[i + 1] is still the λ-return when targets[i] reads it.
  for (let t = 0; t < count; t++) {
    for (let i = offset[t], act = i + ponderSteps[t] - 1; i < act; i++) {
      const ahead = (1 - lambdaThink) * edges.nextValue[i] + lambdaThink * targets[i + 1];
      targets[i] = edges.reward[i] + ahead;
    }
  }
  return targets;
}

/** The micro-steps of a rollout as edges, with rewards in the learner's unit. */
function edgesOf(trajectory: Trajectory, options: TargetOptions): Edges {
  const { count, total, ponderSteps, offset, ticks, ended, turned, next, values, bootstrap } =
    trajectory;
  const { gamma, lambda, price, rewardScale, minSteps } = options;
  const edges: Edges = {
    reward: new Float32Array(total),
    discount: new Float32Array(total).fill(1),
    trace: new Float32Array(total).fill(1),
    nextValue: new Float32Array(total),
    next: new Int32Array(total).fill(-1),
  };
  for (let t = 0; t < count; t++) {
    const act = offset[t] + ponderSteps[t] - 1;
    for (let i = offset[t]; i < act; i++) {
      const n = i - offset[t] + 1;
      if (n >= minSteps) edges.reward[i] = -price * rewardScale;
      edges.nextValue[i] = values[i + 1];
      edges.next[i] = i + 1;
    }
    edges.reward[act] = learnedReward(trajectory, t, options);
    edges.discount[act] =
      ended[t] === TERMINATED ? 0 : turnDiscount(gamma ** ticks[t], turned[t] === 1);
    const follower = ended[t] === GOES_ON ? next[t] : -1;
    edges.trace[act] = follower < 0 ? 0 : lambda;
    edges.next[act] = follower < 0 ? -1 : offset[follower];
    edges.nextValue[act] = follower < 0 ? bootstrap[t] : values[offset[follower]];
  }
  return edges;
}
