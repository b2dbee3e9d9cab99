import * as tf from '@tensorflow/tfjs-core';
import type { Symmetry } from '../../../envs/index.ts';
import type { Rng } from '../../../kernels/common/index.ts';
import { ofPrefix, type Policy, prefixed } from '../../../policy/index.ts';
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
import { Replay } from './replay.ts';
import type { GumbelSettings } from './settings.ts';
import { lastReadouts, thoughtsOf, unrollsOf } from './unrolls.ts';

/** Before the names of what a checkpoint has of the replay. */
const REPLAY = 'replay.';

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
  readonly #replay: Replay;
  #trust = 0;

  /** @param depth ponder steps of each thought @param symmetries of its game, if any @param rng draws decisions, and how they are looked at */
  constructor(
    policy: Policy,
    settings: GumbelSettings,
    depth: number,
    symmetries: readonly Symmetry[],
    rng: Rng,
  ) {
    this.#policy = policy;
    this.#settings = settings;
    this.#depth = depth;
    this.#rng = rng;
    this.#descent = new Descent(policy);
    this.#replay = new Replay(settings.replay, symmetries);
  }

  /**
   * How far a search is to trust values: all in a simulator, and what a model imagines by the share of the variance of returns that its values
   * explained, one action ahead, in the latest update. So the policy stays as it is until the model knows what to say, and meanwhile tries all.
   */
  get trust(): number {
    return this.#policy.model ? this.#trust : 1;
  }

  /** Learns from a rollout; the policy's variables change. */
  async update(trajectory: Trajectory, factors: RewardFactors, learningRate: number) {
    const { minibatch, epochs, maxGradNorm } = this.#settings;
    const policy = this.#policy;
    await bootstrap(policy, trajectory);
    const replay = this.#replay;
    replay.push(trajectory, this.#returns(trajectory, factors), factors);
    const { rewardScale } = factors;
    const all = Int32Array.from({ length: replay.count }, (_, place) => place);
    const passes = { minibatch, epochs, share: trajectory.count / replay.count };
    const { means, gradNorm } = await overEpochs(all, passes, this.#rng, async (chosen) => {
      const judge = await this.#judge(chosen, rewardScale);
      return this.#descent.step(judge, learningRate, maxGradNorm);
    });
    const [policyLoss, valueLoss, ...report] = means;
    const errors = modelErrors(report);
    if (errors.valueErrorFirst !== null) {
      const returns = replay.returns.map((x) => x * rewardScale);
      this.#trust = Math.max(0, explainedVariance(errors.valueErrorFirst, returns) ?? 0);
    }
    return { learningRate, policyLoss, valueLoss, gradNorm, ...errors };
  }

  async state(): Promise<AlgorithmState> {
    const { tensors, counters } = await this.#descent.state();
    return {
      tensors: { ...tensors, ...prefixed(REPLAY, this.#replay.state()) },
      counters: { ...counters, trust: this.#trust },
    };
  }

  restore(state: AlgorithmState): void {
    this.#descent.restore(state);
    this.#replay.restore(ofPrefix(REPLAY, state.tensors));
    this.#trust = state.counters.trust ?? 0;
  }

  dispose(): void {
    this.#descent.dispose();
  }

  /** What computes the loss of the chosen decisions, whose places are sorted. */
  async #judge(chosen: Int32Array, rewardScale: number) {
    const policy = this.#policy;
    const depth = this.#depth;
    const how = { ...this.#settings, depth };
    const view = this.#replay.drawView(chosen.length, this.#rng);
    const batch = gather(this.#replay, chosen.sort(), view, rewardScale);
    const { seen, decisions } = batch;
    if (!policy.model) {
      const reach = Array<number>(depth).fill(decisions);
      return () => gumbelLoss(policy, policy.think(givenOf(seen, decisions), reach), batch, how);
    }
    const { after, ...came } = unrollsOf(this.#replay, chosen, view, how.unroll, rewardScale);
    const unrolls = {
      ...came,
      readouts: await lastReadouts(policy, this.#replay, after, view, depth),
    };
    return () => {
      const { thought, readouts } = thoughtsOf(policy, seen, decisions, depth);
      const own = gumbelLoss(policy, readouts, batch, how);
      const imagined = modelLoss(policy, thought, unrolls, how);
      return {
        loss: tf.add(own.loss, imagined.loss) as tf.Scalar,
        report: tf.concat([own.report, imagined.report]) as tf.Tensor1D,
      };
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
