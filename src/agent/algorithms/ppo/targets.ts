import * as tf from '@tensorflow/tfjs-core';
import type { Policy } from '../../../policy/index.ts';
import { advantages, depthWeights, givenBy, type Trajectory } from '../../../rollout/index.ts';
import { type ForcedDepths, forcedDepths } from './forced-depths.ts';
import type { PpoConfig } from './settings.ts';

/** The settings that change from update to update. */
export interface UpdateSchedule {
  /** Whether the loss has the halting terms. */
  released: boolean;
  /** Price per ponder step beyond minSteps, in the raw reward's unit. */
  price: number;
  /** Factor on rewards and price before learning. */
  rewardScale: number;
  /** As of `UpdateSettings`. */
  returnDeviation: number;
  learningRate: number;
  entropy: number;
}

/** A rollout with its advantages. */
export interface Targets {
  trajectory: Trajectory;
  /** The advantage of each micro-step [M]; the value targets are advantages + values. */
  advantages: Float32Array;
  /** The advantage of each decision's action [T], centered and scaled to a deviation of 1 at most. */
  actAdvantages: Float32Array;
  haltScale: number;
  /** 1 − var(target − value) / var(target), over unforced micro-steps; null where all targets are equal. */
  explainedVariance: number | null;
  forcedDepths: ForcedDepths;
}

/** Computes the advantages of a rollout after `bootstrap`, and their scales. */
export function computeTargets(
  trajectory: Trajectory,
  { ppo, halting }: PpoConfig,
  phase: UpdateSchedule,
): Targets {
  const rewards = trajectory.rewards.map((reward) => reward * phase.rewardScale);
  const all = advantages(
    { ...pick(trajectory), rewards, weights: depthWeights(trajectory, halting) },
    {
      gamma: ppo.gamma,
      lambda: ppo.lambda,
      lambdaThink: ppo.lambdaThink,
      price: phase.price * phase.rewardScale,
      minSteps: halting.minSteps,
    },
  );
  const own: number[] = [];
  const targets: number[] = [];
  const errors: number[] = [];
  for (let t = 0; t < trajectory.count; t++) {
    const { offset, ponderSteps, forced, values } = trajectory;
    if (forced[t]) continue;
    for (let i = offset[t]; i < offset[t] + ponderSteps[t]; i++) {
      own.push(all[i]);
      targets.push(all[i] + values[i]);
      errors.push(all[i]);
    }
  }
  const spread = moments(targets).variance;
  return {
    trajectory,
    advantages: all,
    actAdvantages: actAdvantages(trajectory, all, leastDeviation(phase)),
    // Not centered: thinking on and acting are the choices, so a mean of each kind would be a biased baseline.
    haltScale: 1 / (rms(own) + 1e-8),
    explainedVariance: spread < 1e-6 ? null : 1 - moments(errors).variance / spread,
    forcedDepths: forcedDepthsOf(trajectory, all),
  };
}

/**
 * The advantages of the actions, centered within each group: the unforced decisions, and those forced to each depth. A forced depth lowers the
 * advantage of every action at it; since chance draws the depth, the group's mean is an unbiased baseline.
 * @param least the least deviation to scale by
 */
function actAdvantages(
  { count, offset, ponderSteps, forced }: Trajectory,
  all: Float32Array,
  least: number,
): Float32Array {
  const acts = Float32Array.from({ length: count }, (_, t) => all[offset[t] + ponderSteps[t] - 1]);
  const groups = new Map<number, number[]>();
  for (let t = 0; t < count; t++) {
    const depth = forced[t] ? ponderSteps[t] : 0;
    const group = groups.get(depth);
    if (group) group.push(t);
    else groups.set(depth, [t]);
  }
  let squares = 0;
  for (const group of groups.values()) {
    const { mean, variance } = moments(group.map((t) => acts[t]));
    for (const t of group) acts[t] -= mean;
    squares += variance * group.length;
  }
  const deviation = Math.max(Math.sqrt(squares / count), least);
  return acts.map((act) => act / deviation);
}

/** The least deviation of advantages to scale by, as a share of that of returns. */
const LEAST_SHARE = 0.3;

/**
 * The least deviation by which advantages of actions are scaled. Where nothing that was done made a difference (no reward was found yet, or
 * the task is solved), advantages are the errors of values alone; scaled to a deviation of 1, they moved the policy to a
 * corner, from which it found nothing, or away from what it had learned (docs/learning.md). Before the first reward, 1.
 */
function leastDeviation({ returnDeviation }: Pick<UpdateSchedule, 'returnDeviation'>): number {
  return LEAST_SHARE * (returnDeviation || 1);
}

/** Sets the bootstrap values where the rollout or a truncated episode ends: V of the observation that follows. */
export async function bootstrap(policy: Policy, trajectory: Trajectory): Promise<void> {
  const ends = [...trajectory.toBootstrap()];
  if (ends.length === 0) return;
  const values = tf.tidy(() => {
    const thought = policy.step(policy.begin(givenBy(policy, ends)));
    return policy.split(policy.outputs(thought, 1)).value;
  });
  const data = await values.data();
  values.dispose();
  ends.forEach(({ t }, i) => {
    trajectory.bootstrap[t] = data[i];
  });
}

function forcedDepthsOf(trajectory: Trajectory, all: Float32Array): ForcedDepths {
  const { count, ponderSteps, offset, values } = trajectory;
  const worth = new Float64Array(count);
  const seen = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    const act = offset[t] + ponderSteps[t] - 1;
    worth[t] = all[act] + values[act];
    seen[t] = values[offset[t]];
  }
  return forcedDepths(trajectory, worth, seen);
}

function pick(trajectory: Trajectory) {
  const { count, ponderSteps, offset, values, ticks, ended, next, bootstrap } = trajectory;
  return { count, ponderSteps, offset, values, ticks, ended, next, bootstrap };
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  return { mean, variance };
}

function rms(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += (value * value) / values.length;
  return Math.sqrt(sum);
}
