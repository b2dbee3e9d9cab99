import type { Rng } from '../../../kernels/common/index.ts';
import type { Policy } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import type { AlgorithmState } from '../algorithm.ts';
import { Descent } from '../descent.ts';
import type { RewardFactors } from '../learned-reward.ts';
import { overEpochs } from '../minibatches.ts';
import { bootstrap } from '../ppo/targets.ts';
import { targetsOf } from '../pqn/targets.ts';
import { gather, gumbelLoss } from './loss.ts';
import type { GumbelSettings } from './settings.ts';

/**
 * Gumbel AlphaZero's learning (Danihelka et al. 2022, https://openreview.net/forum?id=bERaNdoegnO): the policy learns the one that the
 * search before each decision improved to, the value learns λ-returns.
 */
export class Learner {
  readonly #policy: Policy;
  readonly #settings: GumbelSettings;
  readonly #depth: number;
  readonly #descent: Descent;
  readonly #rng: Rng;

  /** @param depth ponder steps of each thought @param rng shuffles the decisions */
  constructor(policy: Policy, settings: GumbelSettings, depth: number, rng: Rng) {
    this.#policy = policy;
    this.#settings = settings;
    this.#depth = depth;
    this.#rng = rng;
    this.#descent = new Descent(policy);
  }

  /** Learns from a rollout; the policy's variables change. */
  async update(trajectory: Trajectory, factors: RewardFactors, learningRate: number) {
    const { valueWeight, maxGradNorm } = this.#settings;
    await bootstrap(this.#policy, trajectory);
    const returns = this.#returns(trajectory, factors);
    const how = { depth: this.#depth, valueWeight };
    const { means, gradNorm } = await overEpochs(trajectory, this.#settings, this.#rng, (chosen) =>
      this.#descent.step(
        () => gumbelLoss(this.#policy, gather(trajectory, returns, chosen), how),
        learningRate,
        maxGradNorm,
      ),
    );
    const [policyLoss, valueLoss] = means;
    return { learningRate, policyLoss, valueLoss, gradNorm };
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

  /** The λ-return of each decision [T]: ponder steps have no price, so all of a decision have the same. */
  #returns(trajectory: Trajectory, factors: RewardFactors): Float32Array {
    const { gamma, lambda } = this.#settings;
    const free = { lambdaThink: 1, price: 0, minSteps: this.#depth };
    const targets = targetsOf(trajectory, { gamma, lambda, ...free, ...factors });
    return Float32Array.from({ length: trajectory.count }, (_, t) => targets[trajectory.offset[t]]);
  }
}
