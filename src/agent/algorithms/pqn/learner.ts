import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../../kernels/common/index.ts';
import { numbersOf } from '../../../kernels/ops/index.ts';
import type { ActionValues, Choices, Policy } from '../../../policy/index.ts';
import { givenBy, type Trajectory } from '../../../rollout/index.ts';
import type { AlgorithmState, UpdateSettings } from '../algorithm.ts';
import { Descent } from '../descent.ts';
import { meanBonus, type RewardFactors } from '../learned-reward.ts';
import { overEpochs, piecesOf } from '../minibatches.ts';
import { explainedVariance, moments } from '../moments.ts';
import { pqnLoss } from './loss.ts';
import { gather } from './minibatch.ts';
import type { PqnSettings } from './settings.ts';
import { targetsOf } from './targets.ts';

/** A policy whose heads give the values of choices. */
export interface ValuePolicy extends Policy {
  readonly distribution: ActionValues;
}

/** The settings of an update. */
export interface UpdateSchedule extends Pick<UpdateSettings, 'price'>, RewardFactors {
  learningRate: number;
  minSteps: number;
  /** The choices after the first ponder step of the decision that follows the rollout. */
  first: Choices;
}

/**
 * PQN (2407.04811): Q(λ) on whole rollouts of many environments with a normalized network, without replay and without
 * a target network. Thinking on is one more choice.
 *
 * An update computes the targets once per rollout, from the values recorded in it. It recomputes each thought with its
 * recorded n and back-propagates through all of it; it sorts decisions by n, so that the cost is proportional to Σn.
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
    await this.#bootstrap(trajectory, phase.first);
    const targets = targetsOf(trajectory, { ...this.#settings, ...phase });
    const pieces = piecesOf(trajectory, this.#settings.minibatch);
    const { means, gradNorm } = await overEpochs(pieces, this.#settings, this.#rng, (chosen) =>
      this.#descend(trajectory, targets, chosen, phase),
    );
    const [valueLoss, thinkLoss, actValue] = means;
    return {
      ...{ valueLoss, thinkLoss, actValue: actValue / phase.rewardScale },
      explainedVariance: varianceExplained(trajectory, targets),
      gradNorm,
      novelty: meanBonus(trajectory, phase.noveltyFactor),
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

  /** Sets the bootstrap values where the rollout or a truncated episode ends: those of the observation that follows. */
  async #bootstrap(trajectory: Trajectory, first: Choices): Promise<void> {
    const ends = [...trajectory.toBootstrap()];
    if (ends.length === 0) return;
    const policy = this.#policy;
    const outputs = tf.tidy(() =>
      policy.outputs(policy.step(policy.begin(givenBy(policy, ends))), 1),
    );
    const data = await numbersOf(outputs);
    outputs.dispose();
    const { distribution } = policy;
    const { outputs: params } = distribution;
    ends.forEach(({ t, mask }, i) => {
      const own = data.subarray(i * (params + 2), (i + 1) * (params + 2));
      const [value, logit] = own.subarray(params);
      trajectory.bootstrap[t] = distribution.reading!(own, value, logit, mask, first).value;
    });
  }

  /** Makes one gradient step. */
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

/** That of the values over the micro-steps that acted. */
function varianceExplained(trajectory: Trajectory, targets: Float32Array): number | null {
  const { count, offset, ponderSteps, values } = trajectory;
  const acts = Array.from({ length: count }, (_, t) => offset[t] + ponderSteps[t] - 1);
  const unexplained = moments(acts.map((i) => targets[i] - values[i])).variance;
  const own = acts.map((i) => targets[i]);
  return explainedVariance(unexplained, own);
}
