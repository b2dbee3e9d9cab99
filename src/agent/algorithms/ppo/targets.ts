import * as tf from '@tensorflow/tfjs-core';
import type { Policy } from '../../../policy/index.ts';
import { advantages, depthWeights, givenBy, type Trajectory } from '../../../rollout/index.ts';
import { learnedReward } from '../learned-reward.ts';
import { explainedVariance, moments } from '../moments.ts';
import { actAdvantages } from './act-advantages.ts';
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
  /** As of `UpdateSettings`. */
  noveltyFactor: number;
  learningRate: number;
  entropy: number;
}

/** A rollout with its advantages. */
export interface Targets {
  trajectory: Trajectory;
  /** The advantage of each micro-step [M]; the value targets are advantages + values. */
  advantages: Float32Array;
  /** The advantage of each decision's action [T], centered and scaled to a deviation of 1, or less where nothing differed. */
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
  const rewards = trajectory.rewards.map((_, t) => learnedReward(trajectory, t, phase));
  const learned = { ...pick(trajectory), rewards };
  const all = advantages(
    { ...learned, weights: depthWeights(trajectory, halting) },
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
  return {
    trajectory,
    advantages: all,
    actAdvantages: actAdvantages(
      { ...learned, forced: trajectory.forced },
      all,
      phase.returnDeviation,
    ),
    // Not centered: thinking on and acting are the choices, so a mean of each kind would be a biased baseline.
    haltScale: 1 / (rms(own) + 1e-8),
    explainedVariance: explainedVariance(moments(errors).variance, targets),
    forcedDepths: forcedDepthsOf(trajectory, all),
  };
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

function rms(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += (value * value) / values.length;
  return Math.sqrt(sum);
}
