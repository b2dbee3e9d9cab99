import type { Row } from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import { EpisodeHistory, entriesNeeded, fixed } from '../../policy/index.ts';
import { type Decision, type DecisionRequest, Trajectory } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { createDecider } from '../agent/create-decider.ts';
import { algorithmOf, type GradientStep } from '../algorithms/index.ts';
import { segmentLength } from '../algorithms/minibatches.ts';

/** A drawn number beyond ± this comes from a bound that no environment reaches; it becomes 0. */
const LARGE = 2 ** 24;

/**
 * The most expensive work that training repeats: a thought in every slot, and the largest gradient step, all at full
 * depth, on observations drawn from the space. It changes no weight, and draws from a stream of its own.
 */
export class DryRun {
  readonly #agent: Agent;
  readonly #largest: GradientStep;
  readonly #rng: Rng;

  constructor(agent: Agent) {
    this.#agent = agent;
    const { definition, settings } = algorithmOf(agent.config);
    this.#largest = definition.largestStep(settings, agent.config.env.count);
    this.#rng = Rng.seed(agent.config.train.seed, 'rehearsal');
  }

  /**
   * @param share of the slots and of the gradient step, in (0, 1]
   * @returns the time to make as many decisions as that step uses, and to learn from them, in ms
   */
  async run(share = 1): Promise<number> {
    const slots = Math.ceil(share * this.#agent.config.env.count);
    const decisions = Math.ceil(share * this.#largest.decisions);
    const { decided, ms } = await this.#think(slots);
    const thought = performance.now();
    await this.#learn(Array.from({ length: decisions }, (_, i) => decided[i % slots]));
    const learned = performance.now();
    return ms * (decisions / slots) + (learned - thought) * this.#largest.epochs;
  }

  /** Makes a decision in each slot. @returns what was decided, and the time that it took, in ms */
  async #think(slots: number): Promise<{ decided: Decision[]; ms: number }> {
    const { policy, config } = this.#agent;
    const { minSteps, maxSteps, floor } = config.halting;
    const rule = fixed(maxSteps);
    const behavior = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
    const decider = createDecider(config, {
      ...{ policy, slots, rng: this.#rng },
      behavior: () => behavior,
    });
    const episodes = Array.from({ length: slots }, () => this.#episode(this.#row()));
    const decide = async () => {
      decider.push(episodes.map((see, env) => ({ env, ...see() })));
      const decided: Decision[] = [];
      while (decided.length < slots) decided.push(...(await decider.tick()));
      return decided;
    };
    try {
      // As after each update, all that is remembered is read again; later decisions read their own entry.
      if (policy.entries) await decide();
      const began = performance.now();
      const decided = await decide();
      return { decided, ms: performance.now() - began };
    } finally {
      decider.dispose();
    }
  }

  /** An episode that shows the same again and again, and has lasted for longer than is remembered. @returns its next moment */
  #episode(row: Row): () => Pick<DecisionRequest, 'row' | 'past'> {
    const { entries, distribution } = this.#agent.policy;
    if (entries === undefined) return () => ({ row });
    const needed = entriesNeeded(entries.sizes);
    // One list for all of it.
    const history = new EpisodeHistory(needed, Infinity);
    const action = new Float32Array(distribution.actionSize);
    const see = () => {
      const past = history.see(row);
      history.acted(action, 0);
      return { row, past };
    };
    for (let i = 1; i < needed; i++) see();
    return see;
  }

  async #learn(decided: Decision[]): Promise<void> {
    const { policy, config, observationSpace } = this.#agent;
    const { actionSize, maskSize, outputs } = policy.distribution;
    const { definition, settings } = algorithmOf(config);
    const count = decided.length;
    // As long as those of which a minibatch consists where the policy has a memory.
    const segment = Math.min(
      segmentLength(count),
      Math.ceil(settings.decisions / config.env.count),
    );
    const envs = Math.ceil(count / segment);
    const trajectory = new Trajectory({
      capacity: count,
      maxSteps: config.halting.maxSteps,
      envs,
      observationSize: observationSpace.size,
      actionSize,
      maskSize,
      improvedSize: definition.decider && outputs,
      entries: policy.entries,
    });
    const episodes = Array.from({ length: envs }, (_, env) =>
      this.#episode(decided[env].observation.row),
    );
    for (const [i, one] of decided.entries()) {
      const env = Math.floor(i / segment);
      const observation = { ...one.observation, env, ...episodes[env]() };
      const decision = { ...one, observation };
      const truncated = (i + 1) % segment === 0 || i + 1 === count;
      const ended = {
        terminated: false,
        truncated,
        final: truncated ? observation.row : undefined,
      };
      trajectory.push({ env, decision, reward: 0, ticks: 1, ...ended, next: observation });
    }
    const once = definition.dryRun(settings, count);
    const algorithm = definition.create({
      policy,
      config: { ...config, [definition.name]: once },
      settings: once,
      rng: this.#rng,
    });
    const update = {
      ...{ released: true, price: 0, rewardScale: 1, returnDeviation: 1, noveltyFactor: 0 },
      ...{ progress: 0, horizon: 1 },
    };
    await algorithm.update(trajectory, update).finally(() => algorithm.dispose());
  }

  #row(): Float32Array {
    const space = this.#agent.observationSpace;
    const row = new Float32Array(space.size);
    space.write(space.sample(this.#rng), row);
    return row.map((x) => (Math.abs(x) <= LARGE ? x : 0));
  }
}
