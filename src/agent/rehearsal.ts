import { Rng } from '../kernels/index.ts';
import { fixed } from '../policy/index.ts';
import { type Decision, Scheduler, Trajectory } from '../rollout/index.ts';
import type { Agent } from './agent.ts';
import { Learner } from './algorithms/ppo/learner.ts';
import type { Config } from './config.ts';

/** Numbers of an observation beyond this are taken to be a bound of its Box, which no environment reaches. */
const LARGE = 2 ** 24;

/**
 * What training does again and again, at its dearest: a thought in every slot, and a gradient step on the
 * largest minibatch, all at full depth, on observations drawn from the space. It learns at rate 0, so
 * nothing changes, and draws from a stream of its own.
 */
export class Rehearsal {
  readonly #agent: Agent;
  readonly #minibatch: number;
  readonly #rng: Rng;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#minibatch = largestMinibatch(agent.config);
    this.#rng = Rng.seed(agent.config.train.seed, 'rehearsal');
  }

  /**
   * @param share of the slots and of the minibatch, in (0, 1]
   * @returns how long it takes to decide and learn as many decisions as a minibatch has, in ms
   */
  async run(share = 1): Promise<number> {
    const { env, ppo } = this.#agent.config;
    const slots = Math.ceil(share * env.count);
    const decisions = Math.ceil(share * this.#minibatch);
    const began = performance.now();
    const decided = await this.#think(slots);
    const thought = performance.now();
    await this.#learn(Array.from({ length: decisions }, (_, i) => decided[i % slots]));
    const learned = performance.now();
    return (thought - began) * (decisions / slots) + (learned - thought) * ppo.epochs;
  }

  async #think(slots: number): Promise<Decision[]> {
    const { policy, config } = this.#agent;
    const { minSteps, maxSteps, floor } = config.halting;
    const rule = fixed(maxSteps);
    const behaviour = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
    const scheduler = new Scheduler(policy, slots, this.#rng, () => behaviour);
    scheduler.push(Array.from({ length: slots }, (_, env) => ({ env, row: this.#row() })));
    const decided: Decision[] = [];
    try {
      while (decided.length < slots) decided.push(...(await scheduler.tick()));
      return decided;
    } finally {
      scheduler.dispose();
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
    });
    for (const decision of decided) {
      const { observation } = decision;
      const { env, row } = observation;
      const ended = { terminated: false, truncated: true, final: row };
      trajectory.push({ env, decision, reward: 0, ...ended, next: observation });
    }
    const once = { ...config, ppo: { ...config.ppo, minibatch: count, epochs: 1 } };
    const phase = { released: true, price: 0, rewardScale: 1, learningRate: 0, entropy: 0 };
    const learner = new Learner(policy, once, this.#rng);
    await learner.update(trajectory, phase).finally(() => learner.dispose());
  }

  #row(): Float32Array {
    const space = this.#agent.observationSpace;
    const row = new Float32Array(space.size);
    space.write(space.sample(this.#rng), row);
    return row.map((x) => (Math.abs(x) <= LARGE ? x : 0));
  }
}

/** A rollout ends with a whole batch of environments, and is then cut into equal parts. */
function largestMinibatch({ ppo, env }: Config): number {
  const sizes = Array.from({ length: env.count }, (_, over) => {
    const count = ppo.decisions + over;
    return Math.ceil(count / Math.max(1, Math.round(count / ppo.minibatch)));
  });
  return sizes.reduce((a, b) => Math.max(a, b));
}
