import type { Rng } from '../../../kernels/common/index.ts';
import type { Policy } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import type { AlgorithmState, UpdateSettings } from '../algorithm.ts';
import { Descent } from '../descent.ts';
import { overEpochs, piecesOf } from '../minibatches.ts';
import { likelihoodLoss } from './loss.ts';
import { STATS } from './loss-report.ts';
import { gather } from './minibatch.ts';
import { scheduleAt } from './schedule.ts';
import type { LikelihoodConfig } from './settings.ts';
import { ThoughtCost } from './thought-cost.ts';

/**
 * Maximizes the likelihood of demonstrated actions at the depths that the halting head chooses, and teaches the head when a
 * further ponder step is worth its price, in nats. Each thought is unrolled to full depth, so the cost of an update is
 * proportional to `maxSteps`, not to the steps that thoughts need.
 */
export class Learner {
  readonly #policy: Policy;
  readonly #config: LikelihoodConfig;
  readonly #descent: Descent;
  readonly #rng: Rng;

  /** @param rng shuffles the decisions */
  constructor(policy: Policy, config: LikelihoodConfig, rng: Rng) {
    this.#policy = policy;
    this.#config = config;
    this.#rng = rng;
    this.#descent = new Descent(policy);
  }

  /**
   * Learns from a rollout: the policy's variables change. Writes into the rollout the ponder steps that the head would take for each
   * decision.
   */
  async update(trajectory: Trajectory, phase: UpdateSettings) {
    const { likelihood, halting } = this.#config;
    const { learningRate } = scheduleAt(likelihood, phase.progress);
    const cost = new ThoughtCost(this.#config, phase);
    const step = async (chosen: Int32Array) => {
      const batch = gather(trajectory, chosen, cost.depths);
      const judge = () => likelihoodLoss(this.#policy, batch, cost);
      const { stats, gradNorm } = await this.#descent.step(
        judge,
        learningRate,
        likelihood.maxGradNorm,
      );
      batch.sorted.forEach((t, i) => {
        trajectory.ponderSteps[t] = stats[STATS.length + i];
        trajectory.forced[t] = 0;
      });
      return { stats: stats.subarray(0, STATS.length), gradNorm };
    };
    const pieces = piecesOf(trajectory, likelihood.minibatch);
    const { means, gradNorm } = await overEpochs(pieces, likelihood, this.#rng, step);
    // The last two are the halting rule's.
    const own = halting.rule === 'fixed' ? STATS.slice(0, 2) : STATS;
    return {
      learningRate,
      ...Object.fromEntries(own.map((name, i) => [name, means[i]])),
      gradNorm,
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
}
