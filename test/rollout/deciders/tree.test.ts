import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentMemory } from '../../../src/agent/index.ts';
import type { Info, Reset, Step } from '../../../src/envs/index.ts';
import { Agent, Box, evaluate, makeEnv } from '../../../src/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { distributionFor } from '../../../src/policy/index.ts';
import { forked, forkedAgent, forkedPolicy } from '../../support/forked-env.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const played = (settings: object, agent = forkedAgent(), options: object = {}) =>
  evaluate(agent, {
    ...{ env: forked as never, episodes: 4, forcedEpisodes: 0 },
    ...{ decider: { name: 'tree', ...settings }, ...options },
  });

describe('a search of the tree of answers', () => {
  it('finds the likeliest answer, where the most likely tokens miss it', async () => {
    expect((await played({ breadth: 1, expand: 5 })).successRate).toBe(0);
    const found = await played({ breadth: 2, expand: 2 });
    expect(found.successRate).toBe(1);
    // One thought about the begin, two about what is kept.
    expect(found.perEpisode).toMatchObject({ decisions: 2, thoughts: 3 });
  });

  it('tries no more tokens than it is told to', async () => {
    // The most likely first token alone, which is wrong, however wide.
    expect((await played({ breadth: 8, expand: 1 })).successRate).toBe(0);
  });

  it('keeps what the value head holds for best', async () => {
    const led = forkedAgent(forkedPolicy(-1));
    const found = await played({ breadth: 1, expand: 2, by: 'value' }, led);
    expect(found.successRate).toBe(1);
    expect(found.perEpisode).toMatchObject({ decisions: 2, thoughts: 3 });
    const misled = forkedAgent(forkedPolicy(1));
    expect((await played({ breadth: 1, expand: 2, by: 'value' }, misled)).successRate).toBe(0);
  });

  it('gives the best beginning once time is over, and goes on from there', async () => {
    const { successRate, episodes } = await played({}, undefined, { deadlineMs: 0 });
    expect({ successRate, episodes }).toEqual({ successRate: 0, episodes: 4 });
  });

  it('refuses actions that are no tokens, and values that nothing trained', async () => {
    const distribution = distributionFor(new Box({ shape: [2], low: -1, high: 1 }));
    const moving = forkedAgent({ ...forkedPolicy(), distribution } as never);
    await expect(played({}, moving)).rejects.toThrow(
      'decider tree: expected a policy that gives each action of one Discrete space a probability, got one of 2 numbers',
    );
    const cloned = forkedAgent(undefined, { algorithm: 'likelihood' });
    await expect(played({ by: 'value' }, cloned)).rejects.toThrow('trains no values');
  });
});

describe('of a policy with a memory, on Addition', () => {
  const config = tinyConfig({
    env: { id: 'Addition-v0', options: { digits: 2 }, count: 4 },
    memory: { length: 8, prelude: 1, observationsOnly: true },
  } as never);
  const options = { episodes: 8, forcedEpisodes: 0, exit: 'fixed' } as const;

  it('a tree of one branch is the most likely tokens', async () => {
    const agent = await Agent.create(config, '.');
    const pondered = await evaluate(agent, options);
    const decider = { name: 'tree', breadth: 1, expand: 3 };
    const searched = await evaluate(agent, { ...options, decider });
    expect(searched).toEqual({ ...pondered, nats: expect.closeTo(pondered.nats!, 5) });
    agent.dispose();
  });

  it('each branch remembers what was written in it', async () => {
    const agent = await Agent.create(config, '.');
    const nats: number[] = [];
    /** Replays what was written, by sessions: −ln of the probability of each right token. */
    const replayed: { obs: number; earlier?: readonly number[]; right: number }[] = [];
    let made = 0;
    const env = () => {
      const inner = makeEnv('Addition-v0', { digits: 2 });
      if (++made > 1) return inner;
      const seen = <R extends { obs: unknown; info: Info }>(result: R): R => {
        const { earlier, demonstration } = result.info;
        if (demonstration === undefined) return result;
        replayed.push({
          obs: result.obs as number,
          earlier: earlier as never,
          right: demonstration as never,
        });
        return result;
      };
      return {
        ...{ observationSpace: inner.observationSpace, actionSpace: inner.actionSpace },
        reset: (how: object) => seen(inner.reset(how) as Reset),
        step: (token: unknown) => seen(inner.step(token) as Step),
        snapshot: () => inner.snapshot!(),
        restore: (state: unknown) => inner.restore!(state),
      };
    };
    const decider = { name: 'tree', breadth: 6, expand: 3 };
    const one = { ...agent.config, env: { ...agent.config.env, count: 1 } };
    Object.assign(agent, { config: one });
    const found = await evaluate(agent, { ...options, episodes: 3, decider, env: env as never });
    let memory: AgentMemory | undefined;
    for (const { obs, earlier, right } of replayed) {
      if (earlier) memory = undefined;
      const { thought, memory: after } = await agent.act(obs, { memory, earlier, exit: 'fixed' });
      nats.push(-Math.log(thought.actions.at(-1)![right]));
      memory = after;
    }
    expect(nats).toHaveLength(9);
    expect(found.nats).toBeCloseTo(nats.reduce((a, b) => a + b) / 9, 5);
    agent.dispose();
  });
});
