import * as tf from '@tensorflow/tfjs-core';
import { from, lastValueFrom, toArray } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ActingAgent } from '../../../src/agent/agent/acting-agent.ts';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { AgentMemory } from '../../../src/agent/agent/agent-memory.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { Box, Dict, Discrete, Sequence, Text } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { distance, stir } from '../../support/small-policy.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const cartPole: Partial<ConfigInput> = {
  env: { id: 'CartPole-v1' },
  memory: { length: 3, prelude: 1 },
};

/** An untrained agent that tells observations, steps and pasts apart. */
async function makeAgent(input: Partial<ConfigInput> = cartPole): Promise<Agent> {
  const agent = await Agent.create(tinyConfig(input), '.');
  onTestFinished(() => agent.dispose());
  stir(agent.policy.parameters, 0.5);
  return agent;
}

/** Observations and the rewards before them; the first of an episode has none. */
function episode(agent: Agent, count: number, seed = 9): { obs: unknown; reward: number }[] {
  const rng = Rng.seed(seed);
  return Array.from({ length: count }, (_, i) => ({
    obs: agent.observationSpace.sample(rng),
    reward: i === 0 ? 0 : Math.fround(rng.normal()),
  }));
}

const drawn = { deterministic: false, seed: 1 };

/** What the values and actions of a thought are, beside its memory. */
type Thought = { action: unknown; thought: { values: number[] } };
const numbersOf = (acts: readonly Thought[]) => acts.map(({ thought }) => thought.values);

/** The acts of an episode whose memory the caller keeps, as JSON between calls. */
async function byMemory(agent: Agent, seen: ReturnType<typeof episode>) {
  const acts = [];
  let memory: AgentMemory | undefined;
  for (const { obs, reward } of seen) {
    const act = await agent.act(obs, { ...drawn, memory, reward });
    memory = JSON.parse(JSON.stringify(act.memory));
    acts.push(act);
  }
  return acts;
}

/** The acts of an episode in a session. */
async function bySession(agent: Agent, seen: ReturnType<typeof episode>) {
  const session = agent.session();
  const acts = [];
  for (const { obs, reward } of seen) acts.push(await session.act(obs, { ...drawn, reward }));
  return { acts, session };
}

describe('Agent.act of a policy with a memory', () => {
  it.each<[string, Partial<ConfigInput>]>([
    ['a Box that is normalized', { ...cartPole, normalize: { obs: true } }],
    ['a Discrete', { env: { id: 'KnownDiscrete-v0' }, memory: { length: 4, prelude: 2 } }],
    ['a Dict', { env: { id: 'KnownDict-v0' }, memory: { length: 2, prelude: 0 } }],
    ['actions of a Box', { env: { id: 'Pendulum-v1' }, memory: { length: 5, prelude: 1 } }],
    [
      'actions of several components',
      { env: { id: 'KnownMultiDiscrete-v0' }, memory: { length: 3, prelude: 1 } },
    ],
  ])('decides by memory of plain data as a session does: %s', async (_, input) => {
    const agent = await makeAgent(input);
    if (agent.normalizer) agent.normalizer.update([1, 2, 3, 4, -1, 0, 2, 1], 2);
    const seen = episode(agent, 14);
    const memories = await byMemory(agent, seen);
    const { acts } = await bySession(agent, seen);
    expect(distance(numbersOf(memories), numbersOf(acts))).toBeLessThan(1e-5);
    expect(memories.map(({ action }) => action)).toEqual(acts.map(({ action }) => action));
    // What the policy remembers matters to it.
    const alone = await Promise.all(seen.map(({ obs }) => agent.act(obs, drawn)));
    expect(distance(numbersOf(alone), numbersOf(acts))).toBeGreaterThan(1e-3);
  });

  it('gives memory that holds no more than a decision depends on, as it was seen and done', async () => {
    const agent = await makeAgent();
    const seen = episode(agent, 9);
    const acts = await byMemory(agent, seen);
    const memory = acts[8].memory!;
    // (1 + 1)·(3 − 1) + 1 entries, as `entriesNeeded` says.
    expect(memory.entries).toEqual(
      [4, 5, 6, 7, 8].map((i) => ({
        obs: Array.from(seen[i].obs as Float32Array),
        action: [acts[i - 1].action],
        reward: seen[i].reward,
        age: i,
      })),
    );
    expect(memory.action).toEqual([acts[8].action]);
    expect(acts[0].memory!.entries).toEqual([
      { obs: Array.from(seen[0].obs as Float32Array), action: null, reward: 0, age: 0 },
    ]);
  });

  it('tells rewards apart, and takes none for 0', async () => {
    const agent = await makeAgent();
    const [first, second] = episode(agent, 2);
    const { memory } = await agent.act(first.obs, drawn);
    const value = async (reward?: number) =>
      (await agent.act(second.obs, { ...drawn, memory, reward })).thought.values[0];
    expect(await value()).toBe(await value(0));
    expect(Math.abs((await value(1)) - (await value()))).toBeGreaterThan(1e-4);
  });

  it('says where a memory does not fit', async () => {
    const agent = await makeAgent();
    const [{ obs }] = episode(agent, 1);
    const { memory } = await agent.act(obs);
    const [entry] = memory!.entries;
    const next = { ...entry, action: [1], age: 1 };
    const refused = async (given: unknown, message: string) => {
      const acting = agent.act(obs, { memory: given as AgentMemory });
      await expect(acting).rejects.toThrow(RangeError);
      await expect(acting).rejects.toThrow(`Agent.act: memory${message}`);
    };
    const of = (...entries: unknown[]) => ({ entries, action: [0] });
    await refused('all', ': expected what act returned as memory, { entries, action }, got "all"');
    await refused({ ...memory, thoughts: 1 }, ': expected what act returned as memory');
    await refused(of(), '.entries: expected 1 to 5 entries, on which a decision depends, got 0');
    await refused(of(...new Array(6).fill(entry)), '.entries: expected 1 to 5 entries');
    await refused(of(7), '.entries[0]: expected an entry { obs, action, reward, age }, got 7');
    await refused(
      of({ ...entry, obs: [1, 2, 3] }),
      '.entries[0].obs: expected a Float32Array of 4 (shape [4]), got an array of 3',
    );
    await refused(of({ ...entry, age: 1 }, next), '.entries[1].age: expected 2, after the entry');
    await refused(of({ ...entry, age: -1 }), '.entries[0].age: expected an integer ≥ 0, got -1');
    await refused(
      of({ ...entry, action: [1] }),
      '.entries[0].action: expected null, since an episode begins',
    );
    await refused(
      of(entry, { ...next, action: [2] }),
      '.entries[1].action: expected an integer in 0..1, got 2',
    );
    await refused(
      of(entry, { ...next, action: [0, 1] }),
      '.entries[1].action: expected 1 finite numbers, those of an action, got an array of 2',
    );
    await refused(
      of({ ...entry, reward: Infinity }),
      '.entries[0].reward: expected a finite number, got Infinity',
    );
    await refused({ entries: [entry], action: [1e39] }, '.action: expected 1 finite numbers');
    await refused({ ...memory, frames: [] }, '.frames: expected none, got an array of 0');
  });

  it('refuses a reward where an episode begins, and a number that is none', async () => {
    const agent = await makeAgent();
    const [{ obs }] = episode(agent, 1);
    await expect(agent.act(obs, { reward: 1 })).rejects.toThrow(
      'Agent.act: reward: expected none where an episode begins, got 1; memory says what came before',
    );
    for (const reward of [Number.NaN, 1e39]) {
      await expect(agent.act(obs, { reward })).rejects.toThrow(
        'Agent.act: reward: expected a finite number',
      );
    }
    await agent.act(obs, { reward: 0 });
  });

  it('of a policy without one takes no memory, does not look at rewards and gives no memory', async () => {
    const agent = await makeAgent({ env: { id: 'CartPole-v1' } });
    const [{ obs }] = episode(agent, 1);
    const act = await agent.act(obs, { ...drawn, reward: 3 });
    expect(act).toEqual(await agent.act(obs, drawn));
    expect('memory' in act).toBe(false);
    const memory = { entries: [], action: [0] };
    const message =
      'memory: expected none, since the policy has no memory (memory.length is 0), got one';
    await expect(agent.act(obs, { memory })).rejects.toThrow(`Agent.act: ${message}`);
    expect(() => agent.session({ memory })).toThrow(`Agent.session: ${message}`);
    const session = agent.session();
    expect(await session.act(obs, { ...drawn, reward: 3 })).toEqual(act);
    expect(session.memory).toBeUndefined();
  });

  it('reads memories of any space, and none that points elsewhere', async () => {
    const observationSpace = new Dict({
      word: new Text({ maxLength: 4 }),
      list: new Sequence(new Box({ shape: [2], low: 0, high: 1 }), { maxLength: 3 }),
      which: new Discrete(3, 5),
    });
    const config = tinyConfig({ memory: { length: 3, prelude: 1 } });
    const agent = new Agent(config, { observationSpace, actionSpace: new Discrete(2) });
    onTestFinished(() => agent.dispose());
    stir(agent.policy.parameters, 0.5);
    const seen = episode(agent, 6);
    const { acts } = await bySession(agent, seen);
    const memories = await byMemory(agent, seen);
    expect(distance(numbersOf(memories), numbersOf(acts))).toBeLessThan(1e-5);
    const memory = structuredClone(memories[5].memory!);
    (memory.entries[2].obs as { which: number }).which = 99;
    await expect(agent.act(seen[0].obs, { memory })).rejects.toThrow(
      /memory\.entries\[2\]\.obs: which: expected .* got 99/,
    );
  });
});

describe('a session of a policy with a memory', () => {
  it('begins another episode where it is reset', async () => {
    const agent = await makeAgent();
    const seen = episode(agent, 5);
    const { acts, session } = await bySession(agent, seen);
    session.reset();
    expect(session.memory).toBeUndefined();
    const again = [];
    for (const { obs, reward } of seen) again.push(await session.act(obs, { ...drawn, reward }));
    expect(again).toEqual(acts);
    session.reset();
    await expect(session.act(seen[0].obs, { reward: 1 })).rejects.toThrow(
      'AgentSession.act: reward: expected none where an episode begins, got 1',
    );
  });

  it('continues from memory, its own or that of act', async () => {
    const agent = await makeAgent({ ...cartPole, normalize: { obs: true } });
    agent.normalizer!.update([1, 2, 3, 4, -1, 0, 2, 1], 2);
    const seen = episode(agent, 12);
    const { acts } = await bySession(agent, seen);
    const { session } = await bySession(agent, seen.slice(0, 8));
    const memories = await byMemory(agent, seen.slice(0, 8));
    expect(session.memory).toEqual(memories[7].memory);
    for (const memory of [session.memory, memories[7].memory]) {
      const going = agent.session({ memory: JSON.parse(JSON.stringify(memory)) });
      const later = [];
      for (const { obs, reward } of seen.slice(8)) {
        later.push(await going.act(obs, { ...drawn, reward }));
      }
      expect(distance(numbersOf(later), numbersOf(acts.slice(8)))).toBeLessThan(1e-5);
    }
    expect(() => agent.session({ memory: { entries: [], action: [0] } })).toThrow(
      'Agent.session: memory.entries: expected 1 to 5 entries',
    );
  });

  it('takes calls one after another, in their order, each with its observation as it was', async () => {
    const agent = await makeAgent();
    const seen = episode(agent, 8);
    const { acts } = await bySession(agent, seen);
    const session = agent.session();
    const buffer = new Float32Array(4);
    const acting = seen.map(({ obs, reward }) => {
      buffer.set(obs as Float32Array);
      return session.act(buffer, { ...drawn, reward });
    });
    expect(await Promise.all(acting)).toEqual(acts);
  });

  it('lets what was asked before a reset belong to the episode before', async () => {
    const agent = await makeAgent();
    const seen = episode(agent, 4);
    const { acts } = await bySession(agent, seen);
    const session = agent.session();
    const before = seen.map(({ obs, reward }) => session.act(obs, { ...drawn, reward }));
    session.reset();
    const after = seen.map(({ obs, reward }) => session.act(obs, { ...drawn, reward }));
    for (const acting of [before, after]) expect(await Promise.all(acting)).toEqual(acts);
  });

  it('keeps nothing of a call that is refused, and goes on after it', async () => {
    const agent = await makeAgent();
    const seen = episode(agent, 6);
    const { acts } = await bySession(agent, seen);
    const session = agent.session();
    const found = [];
    for (const { obs, reward } of seen) {
      const wrong = [
        session.act([1, 2], { reward }),
        session.act(obs, { reward, mask: [0, 0] }),
        session.act(obs, { reward: Number.NaN }),
        session.act(obs, { reward, exit: { name: 'cdf', quantile: 7 } }),
        session.act(obs, { reward, memory: {} } as object),
      ];
      for (const one of wrong) await expect(one).rejects.toThrow();
      found.push(await session.act(obs, { ...drawn, reward }));
    }
    expect(found).toEqual(acts);
  });

  it('shares nothing with another session, whoever thinks at the same time', async () => {
    const agent = await makeAgent({ ...cartPole, halting: { maxSteps: 6 } });
    const episodes = Array.from({ length: 7 }, (_, i) => episode(agent, 10 + i, i));
    const expected: Thought[][] = [];
    for (const seen of episodes) expected.push((await bySession(agent, seen)).acts);
    // Different exits are different deciders, which begin and end at different times.
    const exits = Array.from({ length: 3 }, (_, i) => ({ name: 'fixed', ponderSteps: 2 + 2 * i }));
    const noise = exits.map(async (exit) => {
      const session = agent.session();
      for (const { obs } of episode(agent, 30, 77)) {
        await session.act(obs, { exit: exit as { name: 'fixed' } });
      }
    });
    const found = await Promise.all(episodes.map((seen) => bySession(agent, seen)));
    await Promise.all(noise);
    found.forEach(({ acts }, i) => {
      expect(distance(numbersOf(acts), numbersOf(expected[i]))).toBeLessThan(1e-5);
    });
  });

  it('with stacks of frames acts as the agent does on stacks with memory', async () => {
    const agent = await makeAgent({ ...cartPole, env: { id: 'CartPole-v1', frameStack: 3 } });
    const rng = Rng.seed(4);
    const frames = Array.from({ length: 9 }, () =>
      Float32Array.from({ length: 4 }, () => rng.float() / 5),
    );
    const session = agent.session();
    let memory: AgentMemory | undefined;
    for (const [i, frame] of frames.entries()) {
      const stack = [i - 2, i - 1, i].flatMap((k) => [...frames[Math.max(0, k)]]);
      const reward = i === 0 ? 0 : 1;
      const act = await agent.act(Float32Array.from(stack), { ...drawn, memory, reward });
      const own = await session.act(frame, { ...drawn, reward });
      expect(distance(numbersOf([own]), numbersOf([act]))).toBeLessThan(1e-5);
      memory = act.memory;
    }
    const { frames: latest, ...own } = session.memory!;
    expect(own).toEqual(memory);
    expect(latest).toEqual(frames.slice(-3).map((frame) => Array.from(frame)));
    const kept = JSON.parse(JSON.stringify(session.memory));
    const going = agent.session({ memory: kept });
    const next = Float32Array.of(0.1, 0, 0, 0);
    const [a, b] = [await session.act(next, drawn), await going.act(next, drawn)];
    expect(distance(numbersOf([a]), numbersOf([b]))).toBeLessThan(1e-5);
    expect(() => agent.session({ memory })).toThrow(
      "Agent.session: memory.frames: expected the 3 latest frames, which a session's memory has, got none",
    );
    expect(() => agent.session({ memory: { ...kept, frames: [[0, 0, 0, 0]] } })).toThrow(
      'Agent.session: memory.frames: expected 3 frames, got an array of 1',
    );
  });

  it('thinks with the weights of the moment, whoever changes them', async () => {
    const [agent, other] = [await makeAgent(), await makeAgent()];
    stir(other.policy.parameters, 0.5, 8);
    const seen = episode(agent, 12);
    const weights = await other.policy.parameters.read();
    const half = await byMemory(agent, seen.slice(0, 6));
    const expected: Thought[] = [];
    let memory = half[5].memory;
    for (const { obs, reward } of seen.slice(6)) {
      const act = await other.act(obs, { ...drawn, memory, reward });
      // The action that the session's agent takes, so that both remember the same.
      memory = act.memory;
      expected.push(act);
    }
    for (const change of [
      () => agent.policy.parameters.write(weights),
      () => agent.restore(weights, agent.state()),
    ]) {
      const before = await agent.policy.parameters.read();
      const { session } = await bySession(agent, seen.slice(0, 6));
      change();
      const later = [];
      for (const { obs, reward } of seen.slice(6)) {
        later.push(await session.act(obs, { ...drawn, reward }));
      }
      expect(distance(numbersOf(later), numbersOf(expected))).toBeLessThan(1e-5);
      agent.policy.parameters.write(before);
    }
  });

  it('goes on where the weights change while it thinks, at whatever moment', async () => {
    const agent = await makeAgent();
    const weights = await agent.policy.parameters.read();
    const [first, second] = episode(agent, 2);
    const exit = { name: 'fixed', ponderSteps: 3 } as const;
    const { numTensors } = tf.memory();
    for (let turns = 0; turns < 30; turns++) {
      const session = agent.session();
      await session.act(first.obs, { exit });
      const acting = session.act(second.obs, { exit, reward: 1 });
      for (let i = 0; i < turns; i++) await Promise.resolve();
      agent.restore(weights, agent.state());
      expect((await acting).thought.ponderSteps).toBe(3);
      expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(4);
    }
  });

  it('takes no more memory, however long episodes are and however many', async () => {
    const agent = await makeAgent();
    const play = async () => {
      const session = agent.session();
      for (const { obs, reward } of episode(agent, 40)) await session.act(obs, { reward });
      session.reset();
      await session.act(episode(agent, 1)[0].obs);
      session.reset();
      for (const { obs } of episode(agent, 3)) await agent.act(obs);
      await byMemory(agent, episode(agent, 12));
      await agent.warmUp();
    };
    await play();
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 5; i++) await play();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  it.each([1, 20_000])(
    'computes anew what has no room in %i bytes, with the same numbers',
    async (tableBytes) => {
      const ample = await makeAgent();
      const { config, observationSpace, actionSpace } = ample;
      const spaces = { observationSpace, actionSpace };
      const scarce = new ActingAgent(config, spaces, undefined, tableBytes);
      onTestFinished(() => scarce.dispose());
      scarce.policy.parameters.write(await ample.policy.parameters.read());
      const episodes = Array.from({ length: 12 }, (_, i) => episode(ample, 8, i));
      const sessions = episodes.map(() => [ample.session(), scarce.session()]);
      for (let i = 0; i < 8; i++) {
        for (const [k, [own, other]] of sessions.entries()) {
          const { obs, reward } = episodes[k][i];
          const expected = await own.act(obs, { ...drawn, reward });
          const found = await other.act(obs, { ...drawn, reward });
          expect(distance(numbersOf([found]), numbersOf([expected]))).toBeLessThan(1e-5);
        }
      }
    },
  );

  it('leaves nothing behind where the agent is disposed of', async () => {
    const { numTensors } = tf.memory();
    const agent = await Agent.create(tinyConfig(cartPole), '.');
    const { session } = await bySession(agent, episode(agent, 5));
    agent.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    await expect(session.act(episode(agent, 1)[0].obs)).rejects.toThrow(
      'Agent.act: the agent has been disposed of',
    );
  });
});

it('Agent.decide begins an episode with each observation', async () => {
  const agent = await makeAgent();
  const all = episode(agent, 20).map(({ obs }) => obs);
  const decided = await lastValueFrom(agent.decide(from(all), drawn).pipe(toArray()));
  for (const { index, thought } of decided) {
    const alone = await agent.act(all[index], drawn);
    expect(distance(thought.values[0], alone.thought.values[0])).toBeLessThan(1e-5);
  }
});
