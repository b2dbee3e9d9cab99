import { Rng } from '../../kernels/index.ts';
import { fixed } from '../../policy/index.ts';
import { type Decision, Trajectory } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { createDecider } from '../agent/create-decider.ts';
import { algorithmOf, type GradientStep } from '../algorithms/index.ts';

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
    const began = performance.now();
    const decided = await this.#think(slots);
    const thought = performance.now();
    await this.#learn(Array.from({ length: decisions }, (_, i) => decided[i % slots]));
    const learned = performance.now();
    return (thought - began) * (decisions / slots) + (learned - thought) * this.#largest.epochs;
  }

  async #think(slots: number): Promise<Decision[]> {
    const { policy, config } = this.#agent;
    const { minSteps, maxSteps, floor } = config.halting;
    const rule = fixed(maxSteps);
    const behavior = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
    const decider = createDecider(config, {
      ...{ policy, slots, rng: this.#rng },
      behavior: () => behavior,
    });
    decider.push(Array.from({ length: slots }, (_, env) => ({ env, row: this.#row() })));
    const decided: Decision[] = [];
    try {
      while (decided.length < slots) decided.push(...(await decider.tick()));
      return decided;
    } finally {
      decider.dispose();
    }
  }

  async #learn(decided: Decision[]): Promise<void> {
    const { policy, config, observationSpace } = this.#agent;
    const { actionSize, maskSize } = policy.distribution;
    const count = decided.length;
    const trajectory = new Trajectory({
      capacity: count,
      maxSteps: config.halting.maxSteps,
      envs: config.env.count,
      observationSize: observationSpace.size,
      actionSize,
      maskSize,
      entries: policy.entries,
    });
    for (const decision of decided) {
      const { observation } = decision;
      const { env, row } = observation;
      const ended = { terminated: false, truncated: true, final: row };
      trajectory.push({ env, decision, reward: 0, ticks: 1, ...ended, next: observation });
    }
    const { definition, settings } = algorithmOf(config);
    const once = definition.dryRun(settings, count);
    const algorithm = definition.create({
      policy,
      config: { ...config, [definition.name]: once },
      settings: once,
      rng: this.#rng,
    });
    const update = {
      ...{ released: true, price: 0, rewardScale: 1, returnDeviation: 1 },
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
