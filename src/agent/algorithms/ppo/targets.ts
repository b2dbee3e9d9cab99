import * as tf from '@tensorflow/tfjs-core';
import type { Policy } from '../../../policy/index.ts';
import { advantages, type Trajectory } from '../../../rollout/index.ts';
import type { Config } from '../../config.ts';

/** What changes from update to update. */
export interface LearningPhase {
  /** The halting head is being learned: its terms are in the loss. */
  released: boolean;
  /** Per ponder step beyond minSteps, in the raw reward's unit. */
  price: number;
  /** Rewards and price are multiplied by this before learning. */
  rewardScale: number;
  learningRate: number;
  entropy: number;
}

/** A rollout as the learner needs it. */
export interface Targets {
  trajectory: Trajectory;
  /** Per micro-step [M]; the value targets are advantages + values. */
  advantages: Float32Array;
  /** Action advantages are centred by this and multiplied by `actScale`. */
  actMean: number;
  actScale: number;
  haltScale: number;
  /** 1 − var(target − value) / var(target), over unforced micro-steps; null where targets are one. */
  explainedVariance: number | null;
}

/** Advantages of a rollout that has its bootstraps, and their scales. */
export function prepare(
  trajectory: Trajectory,
  { ppo, halting }: Config,
  phase: LearningPhase,
): Targets {
  const rewards = trajectory.rewards.map((reward) => reward * phase.rewardScale);
  const all = advantages(
    { ...pick(trajectory), rewards },
    {
      gamma: ppo.gamma,
      lambda: ppo.lambda,
      lambdaThink: ppo.lambdaThink,
      price: phase.price * phase.rewardScale,
      minSteps: halting.minSteps,
    },
  );
  const acts: number[] = [];
  const own: number[] = [];
  const targets: number[] = [];
  const errors: number[] = [];
  for (let t = 0; t < trajectory.count; t++) {
    const { offset, steps, forced, values } = trajectory;
    acts.push(all[offset[t] + steps[t] - 1]);
    if (forced[t]) continue;
    for (let i = offset[t]; i < offset[t] + steps[t]; i++) {
      own.push(all[i]);
      targets.push(all[i] + values[i]);
      errors.push(all[i]);
    }
  }
  const act = moments(acts);
  const spread = moments(targets).variance;
  return {
    trajectory,
    advantages: all,
    actMean: act.mean,
    actScale: 1 / (Math.sqrt(act.variance) + 1e-8),
    // Never centred: think and act are the action, so a mean by type would be a biased baseline.
    haltScale: 1 / (rms(own) + 1e-8),
    explainedVariance: spread < 1e-6 ? null : 1 - moments(errors).variance / spread,
  };
}

/** Fills in the value of what follows, where a rollout or a truncated episode ends. */
export async function bootstrap(policy: Policy, trajectory: Trajectory): Promise<void> {
  const ends = [...trajectory.toBootstrap()];
  if (ends.length === 0) return;
  const size = trajectory.sizes.observationSize;
  const rows = new Float32Array(ends.length * size);
  ends.forEach(({ row }, i) => {
    rows.set(row, i * size);
  });
  const values = tf.tidy(() => {
    const thought = policy.begin(tf.tensor2d(rows, [ends.length, size]));
    return policy.split(policy.outputs(policy.step(thought), 1)).value;
  });
  const data = await values.data();
  values.dispose();
  ends.forEach(({ t }, i) => {
    trajectory.bootstrap[t] = data[i];
  });
}

function pick(trajectory: Trajectory) {
  const { count, steps, offset, values, ended, forced, next, bootstrap } = trajectory;
  return { count, steps, offset, values, ended, forced, next, bootstrap };
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
