import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../../kernels/common/index.ts';
import type { Policy } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import type { AlgorithmState } from '../algorithm.ts';
import { Descent } from '../descent.ts';
import { givenOf } from '../layout.ts';
import type { RewardFactors } from '../learned-reward.ts';
import { overEpochs } from '../minibatches.ts';
import { explainedVariance } from '../moments.ts';
import { bootstrap } from '../ppo/targets.ts';
import { targetsOf } from '../pqn/targets.ts';
import { gather, gumbelLoss } from './loss.ts';
import { MODEL_ERRORS, modelLoss } from './model-loss.ts';
import type { GumbelSettings } from './settings.ts';
import { lastReadouts, type ModelTargets, thoughtsOf, unrollsOf } from './unrolls.ts';

/**
 * Gumbel AlphaZero's learning (Danihelka et al. 2022, https://openreview.net/forum?id=bERaNdoegnO): the policy learns the one that the
 * search before each decision improved to, the value learns λ-returns. A policy with a model learns what its actions led to as well (`modelLoss`).
 */
export class Learner {
  readonly #policy: Policy;
  readonly #settings: GumbelSettings;
  readonly #depth: number;
  readonly #descent: Descent;
  readonly #rng: Rng;
  #trust = 0;

  /** @param depth ponder steps of each thought @param rng shuffles the decisions */
  constructor(policy: Policy, settings: GumbelSettings, depth: number, rng: Rng) {
    this.#policy = policy;
    this.#settings = settings;
    this.#depth = depth;
    this.#rng = rng;
    this.#descent = new Descent(policy);
  }

  /**
   * How far a search is to trust what a model imagines: the share of the variance of returns that its values explained, one action ahead, in the
   * latest update. So the policy stays as it is until the model knows what to say, and meanwhile tries all.
   */
  get trust(): number {
    return this.#trust;
  }

  /** Learns from a rollout; the policy's variables change. */
  async update(trajectory: Trajectory, factors: RewardFactors, learningRate: number) {
    const { minibatch, maxGradNorm } = this.#settings;
    const policy = this.#policy;
    await bootstrap(policy, trajectory);
    const returns = this.#returns(trajectory, factors);
    const targets = policy.model && {
      ...{ returns, factors },
      readouts: await lastReadouts(policy, trajectory, this.#depth, minibatch),
    };
    const { means, gradNorm } = await overEpochs(trajectory, this.#settings, this.#rng, (chosen) =>
      this.#descent.step(
        () => this.#loss(trajectory, returns, targets, chosen),
        learningRate,
        maxGradNorm,
      ),
    );
    const [policyLoss, valueLoss, ...report] = means;
    const errors = modelErrors(report);
    if (errors.valueErrorFirst !== null)
      this.#trust = Math.max(0, explainedVariance(errors.valueErrorFirst, returns) ?? 0);
    return { learningRate, policyLoss, valueLoss, gradNorm, ...errors };
  }

  async state(): Promise<AlgorithmState> {
    const { tensors, counters } = await this.#descent.state();
    return { tensors, counters: { ...counters, trust: this.#trust } };
  }

  restore(state: AlgorithmState): void {
    this.#descent.restore(state);
    this.#trust = state.counters.trust ?? 0;
  }

  dispose(): void {
    this.#descent.dispose();
  }

  #loss(
    trajectory: Trajectory,
    returns: Float32Array,
    targets: ModelTargets | undefined,
    chosen: Int32Array,
  ) {
    const policy = this.#policy;
    const batch = gather(trajectory, returns, chosen);
    const { seen, decisions } = batch;
    const how = { ...this.#settings, depth: this.#depth };
    if (targets === undefined) {
      const reach = Array<number>(this.#depth).fill(decisions);
      return gumbelLoss(policy, policy.think(givenOf(seen, decisions), reach), batch, how);
    }
    const { thought, readouts } = thoughtsOf(policy, seen, decisions, this.#depth);
    const own = gumbelLoss(policy, readouts, batch, how);
    const unrolls = unrollsOf(trajectory, targets, chosen, how.unroll);
    const imagined = modelLoss(policy, thought, unrolls, how);
    return {
      loss: tf.add(own.loss, imagined.loss) as tf.Scalar,
      report: tf.concat([own.report, imagined.report]) as tf.Tensor1D,
    };
  }

  /** The λ-return of each decision [T]: ponder steps have no price, so all of a decision have the same. */
  #returns(trajectory: Trajectory, factors: RewardFactors): Float32Array {
    const { gamma, lambda } = this.#settings;
    const free = { lambdaThink: 1, price: 0, minSteps: this.#depth };
    const targets = targetsOf(trajectory, { gamma, lambda, ...free, ...factors });
    return Float32Array.from({ length: trajectory.count }, (_, t) => targets[trajectory.offset[t]]);
  }
}

/** The mean error of a model in the first and in the last action that it imagined; null where there is none. @param report means of that of `modelLoss` */
function modelErrors(report: readonly number[]): Record<string, number | null> {
  const count = report.length / 2;
  const names = ['First', 'Last'].flatMap((at) => MODEL_ERRORS.map((name) => `${name}Error${at}`));
  return Object.fromEntries(
    names.map((name, i) => [name, report[count + i] > 0 ? report[i] / report[count + i] : null]),
  );
}
