import * as tf from '@tensorflow/tfjs-core';
import { numbersOf, type Rng } from '../../../kernels/index.ts';
import type { ActionValues, Choices, Policy } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import type { AlgorithmState, UpdateSettings } from '../algorithm.ts';
import { Descent } from '../descent.ts';
import { pqnLoss } from './loss.ts';
import { STATS } from './loss-report.ts';
import { gather } from './minibatch.ts';
import type { PqnSettings } from './settings.ts';
import { targetsOf } from './targets.ts';

/** A policy whose heads give values of choices. */
export interface ValuePolicy extends Policy {
  readonly distribution: ActionValues;
}

/** What an update is told. */
export interface UpdateSchedule extends Pick<UpdateSettings, 'price' | 'rewardScale'> {
  learningRate: number;
  minSteps: number;
  /** What may be done after the first ponder step of what follows a rollout. */
  first: Choices;
}

/**
 * PQN (2407.04811): Q(λ) on whole rollouts of many environments, by a normalized network, without replay and without
 * a target network. Thinking on is one more choice.
 *
 * Targets are made once a rollout, from the values that it was collected by. The whole thought is recomputed with its
 * recorded n, and back-propagated through; decisions are sorted by n, so that cost follows Σn.
 */
export class Learner {
  readonly #policy: ValuePolicy;
  readonly #descent: Descent;
  readonly #settings: PqnSettings;
  readonly #rng: Rng;

  /** @param rng shuffles the decisions */
  constructor(policy: ValuePolicy, settings: PqnSettings, rng: Rng) {
    this.#policy = policy;
    this.#settings = settings;
    this.#rng = rng;
    this.#descent = new Descent(policy);
  }

  /** Learns from a rollout; the policy's variables change. */
  async update(trajectory: Trajectory, phase: UpdateSchedule) {
    const { minibatch, epochs } = this.#settings;
    await this.#bootstrap(trajectory, phase.first);
    const targets = targetsOf(trajectory, { ...this.#settings, ...phase });
    const order = Int32Array.from({ length: trajectory.count }, (_, i) => i);
    const parts = Math.max(1, Math.round(trajectory.count / minibatch));
    const sums = new Float64Array(STATS.length);
    let gradNorms = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.#rng.shuffle(order);
      for (let part = 0; part < parts; part++) {
        const begin = Math.floor((part * order.length) / parts);
        const end = Math.floor(((part + 1) * order.length) / parts);
        const chosen = order.slice(begin, end);
        const { stats, gradNorm } = await this.#descend(trajectory, targets, chosen, phase);
        stats.forEach((value, i) => {
          sums[i] += value;
        });
        gradNorms += gradNorm;
        // Signals, timers and sockets get their turn between minibatches.
        await new Promise(setImmediate);
      }
    }
    const batches = epochs * parts;
    const [valueLoss, thinkLoss, actValue] = sums.map((sum) => sum / batches);
    return {
      ...{ valueLoss, thinkLoss, actValue: actValue / phase.rewardScale },
      explainedVariance: explainedVariance(trajectory, targets),
      gradNorm: gradNorms / batches,
    };
  }

  state(): Promise<AlgorithmState> {
    return this.#descent.state();
  }

  restore(state: AlgorithmState): void {
    this.#descent.restore(state);
  }

  dispose(): void {
    this.#descent.dispose();
  }

  /** Fills in the value of what follows, where a rollout or a truncated episode ends. */
  async #bootstrap(trajectory: Trajectory, first: Choices): Promise<void> {
    const ends = [...trajectory.toBootstrap()];
    if (ends.length === 0) return;
    const policy = this.#policy;
    const size = trajectory.sizes.observationSize;
    const rows = new Float32Array(ends.length * size);
    ends.forEach(({ row }, i) => {
      rows.set(row, i * size);
    });
    const outputs = tf.tidy(() => {
      const thought = policy.begin(tf.tensor2d(rows, [ends.length, size]));
      return policy.outputs(policy.step(thought), 1);
    });
    const said = await numbersOf(outputs);
    outputs.dispose();
    const { distribution } = policy;
    const { outputs: params } = distribution;
    ends.forEach(({ t, mask }, i) => {
      const own = said.subarray(i * (params + 2), (i + 1) * (params + 2));
      const [value, logit] = own.subarray(params);
      trajectory.bootstrap[t] = distribution.reading!(own, value, logit, mask, first).value;
    });
  }

  /** One gradient step. */
  #descend(
    trajectory: Trajectory,
    targets: Float32Array,
    chosen: Int32Array,
    { learningRate }: UpdateSchedule,
  ) {
    const { thinkWeight, maxGradNorm } = this.#settings;
    const policy = this.#policy;
    const judge = () =>
      pqnLoss(policy, gather(trajectory, targets, policy.distribution, chosen), thinkWeight);
    return this.#descent.step(judge, learningRate, maxGradNorm);
  }
}

/** 1 − var(target − value) / var(target) over the micro-steps that acted; null where targets are one. */
function explainedVariance(trajectory: Trajectory, targets: Float32Array): number | null {
  const { count, offset, ponderSteps, values } = trajectory;
  const acts = Array.from({ length: count }, (_, t) => offset[t] + ponderSteps[t] - 1);
  const spread = variance(acts.map((i) => targets[i]));
  return spread < 1e-6 ? null : 1 - variance(acts.map((i) => targets[i] - values[i])) / spread;
}

function variance(values: readonly number[]): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2 / values.length;
  return sum;
}
