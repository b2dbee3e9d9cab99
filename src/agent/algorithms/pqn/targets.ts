import { GOES_ON, TERMINATED, type Trajectory } from '../../../rollout/index.ts';
import { type Edges, lambdaReturns } from './lambda-returns.ts';
import type { PqnSettings } from './settings.ts';

export interface TargetOptions extends Pick<PqnSettings, 'gamma' | 'lambda' | 'lambdaThink'> {
  /** Per ponder step beyond minSteps, in the raw reward's unit. */
  price: number;
  /** Rewards and price are multiplied by it. */
  rewardScale: number;
  minSteps: number;
}

/**
 * What the values of a rollout's choices are learned towards [M]: of thinking on at each ponder step but a decision's
 * last, of the action there. With V the value of the best choice as the rollout saw it, and G the λ-return from there on,
 *
 *     act:    G = r + gamma · ((1 − lambda) · V(next decision, first step) + lambda · G(next decision, first step))
 *     think:  −price·[n ≥ minSteps] + (1 − lambdaThink) · V_{n+1} + lambdaThink · G_{n+1}
 *
 * A return goes through a decision's ponder steps undiminished, and pays for them. It is not cut where the rollout
 * explored (Peng's Q(λ), as PQN has it). Nothing follows a terminated episode; a truncated one goes on with the value
 * of its final observation.
 */
export function targetsOf(trajectory: Trajectory, options: TargetOptions): Float32Array {
  const edges = edgesOf(trajectory, options);
  const targets = lambdaReturns(edges);
  const { lambdaThink } = options;
  const { count, ponderSteps, offset } = trajectory;
  // From the first on, so that what a target is made of is still a return.
  for (let t = 0; t < count; t++) {
    for (let i = offset[t], act = i + ponderSteps[t] - 1; i < act; i++) {
      const ahead = (1 - lambdaThink) * edges.nextValue[i] + lambdaThink * targets[i + 1];
      targets[i] = edges.reward[i] + ahead;
    }
  }
  return targets;
}

/** A rollout's micro-steps as edges, in the learner's unit. */
function edgesOf(trajectory: Trajectory, options: TargetOptions): Edges {
  const { count, total, ponderSteps, offset, rewards, ended, next, values, bootstrap } = trajectory;
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
    edges.reward[act] = rewards[t] * rewardScale;
    edges.discount[act] = ended[t] === TERMINATED ? 0 : gamma;
    const follower = ended[t] === GOES_ON ? next[t] : -1;
    edges.trace[act] = follower < 0 ? 0 : lambda;
    edges.next[act] = follower < 0 ? -1 : offset[follower];
    edges.nextValue[act] = follower < 0 ? bootstrap[t] : values[offset[follower]];
  }
  return edges;
}
