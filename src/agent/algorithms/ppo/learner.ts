import type { Rng } from '../../../kernels/index.ts';
import {
  type ExpectedLoss,
  haltingLoss,
  haltingRules,
  type Policy,
  type SampledLoss,
} from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import type { AlgorithmState } from '../algorithm.ts';
import { Descent } from '../descent.ts';
import { meanBonus } from '../learned-reward.ts';
import { overEpochs, piecesOf } from '../minibatches.ts';
import { buildExpectedMinibatch, computeExpectedTargets } from './expected-targets.ts';
import type { ForcedDepths } from './forced-depths.ts';
import { ppoLoss } from './loss.ts';
import { STATS } from './loss-report.ts';
import { Magnet } from './magnet.ts';
import { buildMinibatch, type Minibatch } from './minibatch.ts';
import type { PpoConfig } from './settings.ts';
import { StepScale } from './step-scale.ts';
import { bootstrap, computeTargets, type UpdateSchedule } from './targets.ts';

export type { UpdateSchedule } from './targets.ts';

/** A prepared rollout; `gather` makes a minibatch from the indices of its decisions. */
interface Learning {
  explainedVariance: number | null;
  forcedDepths: ForcedDepths;
  gather(chosen: Int32Array): Minibatch;
}

/**
 * PPO (1707.06347) over micro-steps: each ponder step counts as an action, to think on or to stop.
 *
 * For a decision of n steps the log-probability is Σ_{k<n} ln(1 − halt_k) + ln halt_n + ln π(a | z_n);
 * its halting part and its action part are clipped separately. Losses are summed over micro-steps
 * and divided by the number of decisions. Steps before minSteps, the one at maxSteps and those of
 * forced decisions have no halting term; forced decisions have no value term either.
 *
 * An update recomputes each thought with its recorded n and back-propagates through all of it. It
 * sorts decisions by n, so that depth k runs only on the prefix with n ≥ k: the cost is
 * proportional to Σn.
 */
export class Learner {
  readonly #policy: Policy;
  readonly #descent: Descent;
  readonly #config: PpoConfig;
  readonly #rng: Rng;
  readonly #magnet: Magnet | undefined;
  #stepScale = new StepScale();
  /** The loss of the halting rule; undefined where the rule learns nothing. */
  readonly #loss: SampledLoss | ExpectedLoss | undefined;

  /** @param rng shuffles the decisions */
  constructor(policy: Policy, config: PpoConfig, rng: Rng) {
    this.#policy = policy;
    this.#config = config;
    this.#rng = rng;
    this.#loss = haltingLoss(config.halting);
    this.#descent = new Descent(policy);
    this.#magnet = config.ppo.magnet && new Magnet(policy, config.ppo);
  }

  /**
   * Learns from a rollout; the policy's variables change.
   * @param targetKl the KL of an epoch above which it makes no other, in nats
   */
  async update(trajectory: Trajectory, phase: UpdateSchedule, targetKl = Number.POSITIVE_INFINITY) {
    const { ppo } = this.#config;
    const learning = await this.#prepare(trajectory, phase);
    const extra = Object.keys(haltingRules.find(this.#config.halting.rule).statistics);
    const learningRate = phase.learningRate * this.#stepScale.value;
    let firstRatioError: number | undefined;
    let [epochs, epochKl] = [0, 0];
    const step = async (chosen: Int32Array, parts: number) => {
      const { stats, gradNorm } = await this.#descend(learning, chosen, phase, learningRate);
      firstRatioError ??= stats[STATS.indexOf('ratioError')];
      const moved = stats[STATS.indexOf('kl')] + stats[STATS.indexOf('haltKl')];
      epochKl += moved / parts;
      return { stats, gradNorm };
    };
    const enough = () => {
      const moved = epochKl;
      epochKl = 0;
      epochs++;
      return moved > targetKl;
    };
    const pieces = piecesOf(trajectory, ppo.minibatch);
    const { means, gradNorm } = await overEpochs(pieces, ppo, this.#rng, step, enough);
    if (ppo.adaptiveSteps) this.#stepScale.follow(trajectory, epochs === ppo.epochs);
    await this.#magnet?.follow();
    const { depthGap, stepGain } = learning.forcedDepths;
    const mean = (name: (typeof STATS)[number]) => means[STATS.indexOf(name)];
    return {
      learningRate,
      epochs,
      policyLoss: mean('policyLoss'),
      haltLoss: mean('haltLoss'),
      valueLoss: mean('valueLoss'),
      entropy: mean('entropy'),
      haltEntropy: mean('haltEntropy'),
      kl: mean('kl'),
      haltKl: mean('haltKl'),
      clipFraction: mean('clipFraction'),
      magnetKl: this.#magnet ? mean('magnetKl') : null,
      explainedVariance: learning.explainedVariance,
      depthGap,
      // To the unit of the raw reward.
      stepGain: stepGain === null ? null : stepGain / phase.rewardScale,
      gradNorm,
      firstRatioError: firstRatioError ?? 0,
      novelty: meanBonus(trajectory, phase.noveltyFactor),
      ...Object.fromEntries(extra.map((name, i) => [name, means[STATS.length + i]])),
    };
  }

  async state(): Promise<AlgorithmState> {
    const { tensors, counters } = await this.#descent.state();
    return {
      tensors: { ...tensors, ...this.#magnet?.tensors() },
      counters: { ...counters, ...this.#stepScale.counters() },
    };
  }

  restore(state: AlgorithmState): void {
    this.#descent.restore(state);
    this.#stepScale = new StepScale(state.counters);
    this.#magnet?.restore(state.tensors);
  }

  dispose(): void {
    this.#descent.dispose();
  }

  async #prepare(trajectory: Trajectory, phase: UpdateSchedule): Promise<Learning> {
    const loss = this.#loss;
    await bootstrap(this.#policy, trajectory);
    if (loss?.depth === 'expected') {
      const targets = await computeExpectedTargets(
        this.#policy,
        trajectory,
        this.#config,
        phase,
        loss,
      );
      return {
        explainedVariance: targets.explainedVariance,
        forcedDepths: targets.forcedDepths,
        gather: (chosen) => buildExpectedMinibatch(targets, chosen, loss),
      };
    }
    const magnet = await this.#magnet?.judge(trajectory);
    const targets = computeTargets(trajectory, this.#config, phase);
    return {
      explainedVariance: targets.explainedVariance,
      forcedDepths: targets.forcedDepths,
      gather: (chosen) => buildMinibatch(targets, chosen, loss, phase, magnet),
    };
  }

  /** Makes one gradient step. */
  #descend(learning: Learning, chosen: Int32Array, phase: UpdateSchedule, learningRate: number) {
    return this.#descent.step(
      () => ppoLoss(this.#policy, learning.gather(chosen), this.#config, phase),
      learningRate,
      this.#config.ppo.maxGradNorm,
    );
  }
}
