import type { RunningStatsState } from '../../envs/common/index.ts';
import { NonFiniteError, type Rng } from '../../kernels/index.ts';
import type { Trajectory } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { Algorithm, UpdateSettings } from '../algorithms/index.ts';
import type { RewardScale, RewardScaleState } from '../algorithms/reward-scale.ts';
import type { UpdateStats } from '../events/events.ts';
import { explainLearned, Guard, returnScale } from './guard.ts';
import type { Incident, Learned } from './incident.ts';

/** What an update changes, and what it draws from. */
interface Learning {
  agent: Agent;
  algorithm: Algorithm;
  rewardScale: RewardScale;
  rng: Rng;
  /** Discount factor per decision. */
  gamma: number;
}

/**
 * Makes the updates of a run. It undoes one that the guard rejects: weights, the algorithm's tensors and the running
 * statistics are then as after the last update that stands.
 */
export class GuardedUpdates {
  readonly guard: Guard;
  readonly #learning: Learning;
  /** Running statistics after the last update that stands. */
  #seen: { rewards: RewardScaleState; observations: RunningStatsState | undefined };
  /** Weights and tensors after the last update of this session that stands. */
  #stands: Learned | undefined;

  constructor(learning: Learning) {
    this.#learning = learning;
    this.guard = new Guard(learning.agent.config.guards);
    this.#seen = this.#statistics();
  }

  /** Makes an update, and undoes it where the guard rejects it. */
  async make(
    trajectory: Trajectory,
    settings: UpdateSettings,
  ): Promise<{ stats: UpdateStats } | Pick<Incident, 'reason' | 'stats' | 'before' | 'rng'>> {
    const { agent, algorithm, rewardScale, gamma } = this.#learning;
    const rng = this.#learning.rng.state();
    const before = this.#stands ?? (await this.learned());
    let reason: string | undefined;
    let stats: UpdateStats | undefined;
    let learned: Learned | undefined;
    try {
      stats = await algorithm.update(trajectory, settings);
      const { minSteps } = agent.config.halting;
      const scale = returnScale(trajectory, settings, { gamma, minSteps });
      learned = await this.#read();
      reason = explainLearned(learned) ?? this.guard.judge(stats, scale);
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      reason = error.message;
    }
    if (reason === undefined) {
      this.keepStatistics();
      this.#stands = learned;
      return { stats: stats! };
    }
    agent.policy.parameters.write(before.weights);
    algorithm.restore(before);
    // The rollout that caused it must not enter the statistics.
    rewardScale.restore(this.#seen.rewards);
    if (this.#seen.observations) agent.normalizer?.restore(this.#seen.observations);
    return { reason, stats, before, rng };
  }

  /** The present weights and tensors. @throws NonFiniteError where they are not finite */
  async learned(): Promise<Learned> {
    const learned = await this.#read();
    const broken = explainLearned(learned);
    if (broken !== undefined) throw new NonFiniteError(broken);
    return learned;
  }

  /** Takes the running statistics, as they are now, for those to go back to. */
  keepStatistics(): void {
    this.#seen = this.#statistics();
  }

  async #read(): Promise<Learned> {
    const { agent, algorithm } = this.#learning;
    return { weights: await agent.policy.parameters.read(), ...(await algorithm.state()) };
  }

  #statistics() {
    const { agent, rewardScale } = this.#learning;
    return { rewards: rewardScale.state(), observations: agent.normalizer?.state() };
  }
}
