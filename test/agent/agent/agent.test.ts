import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { from, lastValueFrom, Subject, toArray } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { AgentState } from '../../../src/agent/agent/agent-state.ts';
import type { ExitOption } from '../../../src/agent/agent/exit-option.ts';
import { UsageError } from '../../../src/agent/common/errors.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { evaluate } from '../../../src/agent/evaluate/evaluate.ts';
import { train } from '../../../src/agent/train/train.ts';
import { RunningStats } from '../../../src/envs/common/index.ts';
import { Box, Discrete } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { KNOWN_IDS } from '../../support/known-ids.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** An untrained agent; its halting probability is the same everywhere where `halt` is given. */
async function makeAgent(input: Partial<ConfigInput> = {}, halt?: number): Promise<Agent> {
  const initialBias = halt === undefined ? 0 : Math.log(halt / (1 - halt));
  const config = tinyConfig({
    ...input,
    halting: { maxSteps: 4, floor: 0, initialBias, ...input.halting },
  });
  const agent = await Agent.create(config, '.');
  onTestFinished(() => agent.dispose());
  if (halt !== undefined) return agent;
  // Heads that tell observations and steps apart, which at first they hardly do.
  const rng = Rng.seed(5);
  for (const { name, variable } of agent.policy.parameters.list) {
    if (!name.startsWith('heads.')) continue;
    const values = Float32Array.from({ length: variable.size }, () => rng.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return agent;
}

function samples(agent: Agent, count: number): unknown[] {
  const rng = Rng.seed(9);
  return Array.from({ length: count }, () => agent.observationSpace.sample(rng));
}

const khop: Partial<ConfigInput> = {
  env: { id: 'KHop-v0', options: { layers: 2, width: 3 } },
};

it('an agent is refused as bad usage where its policy would be too large', () => {
  const actionSpace = new Discrete(2);
  const spaces = [
    { observationSpace: new Discrete(2 ** 24), actionSpace },
    { observationSpace: new Box({ shape: [2 ** 22], low: 0, high: 1 }), actionSpace },
    { observationSpace: actionSpace, actionSpace: new Discrete(2 ** 24) },
  ];
  for (const given of spaces) {
    const make = () => new Agent(tinyConfig(), given);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(
      /^policy: expected at most 67,108,864 numbers in [\w.]+, got \d+ × \d+ = /,
    );
  }
});

describe('Agent.act', () => {
  it.each(KNOWN_IDS)(
    'gives an action of the space of %s, with one entry of its thought a step',
    async (id) => {
      const agent = await makeAgent({ env: { id } });
      for (const obs of samples(agent, 8)) {
        const { action, thought } = await agent.act(obs);
        expect(agent.actionSpace.contains(action)).toBe(true);
        expect(thought.ponderSteps).toBeGreaterThanOrEqual(1);
        expect(thought.ponderSteps).toBeLessThanOrEqual(4);
        for (const entries of [thought.halts, thought.values, thought.actions]) {
          expect(entries).toHaveLength(thought.ponderSteps);
        }
        for (const halt of thought.halts) expect(halt).toSatisfy((p: number) => p > 0 && p < 1);
        expect(thought.cut).toBe(false);
      }
    },
  );

  it('takes the most likely action of its last step', async () => {
    const agent = await makeAgent(khop);
    for (const obs of samples(agent, 8)) {
      const { action, thought } = await agent.act(obs);
      const last = thought.actions.at(-1)!;
      expect(last.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(action).toBe(last.indexOf(Math.max(...last)));
    }
  });

  it('thinks maxSteps at most', async () => {
    const agent = await makeAgent({}, 0.01);
    const thought = async (maxSteps?: number) => {
      const { ponderSteps, cut } = (await agent.act(0, { maxSteps })).thought;
      return { ponderSteps, cut };
    };
    expect(await thought()).toEqual({ ponderSteps: 4, cut: false });
    expect(await thought(3)).toEqual({ ponderSteps: 3, cut: true });
    expect(await thought(1)).toEqual({ ponderSteps: 1, cut: true });
  });

  it('acts by the deadline with the step it has: the first, where there is no time at all', async () => {
    const agent = await makeAgent({}, 0.01);
    expect((await agent.act(0, { deadlineMs: 0 })).thought).toMatchObject({
      ponderSteps: 1,
      cut: true,
    });
    expect((await agent.act(0, { deadlineMs: 1e6 })).thought).toMatchObject({
      ponderSteps: 4,
      cut: false,
    });
  });

  it('ends its thought by the exit rule', async () => {
    // Probability to have halted by n: .3, .51, .657.
    const agent = await makeAgent({ evaluation: { quantile: 0.5 } }, 0.3);
    const steps = async (exit?: ExitOption) => (await agent.act(0, { exit })).thought.ponderSteps;
    expect(await steps()).toBe(2);
    expect(await steps('cdf')).toBe(2);
    expect(await steps('threshold')).toBe(4);
    const drawn = new Set<number>();
    for (let i = 0; i < 40; i++) drawn.add(await steps('sample'));
    expect([...drawn].sort()).toEqual([1, 2, 3, 4]);
    expect(await steps({ name: 'cdf', quantile: 0.6 })).toBe(3);
    expect(await steps({ quantile: 0.3 })).toBe(1);
    expect(await steps({ name: 'fixed', ponderSteps: 3 })).toBe(3);
    expect(await steps({ name: 'random', histogram: [0, 0, 1] })).toBe(3);
    await expect(steps('random')).rejects.toThrow(
      'exit random: histogram: expected a value, got nothing; only an evaluation measures it by itself',
    );
  });

  it('of an agent trained at a fixed depth takes that depth', async () => {
    const agent = await makeAgent({ halting: { rule: 'fixed', ponderSteps: 3 } });
    expect((await agent.act(0)).thought).toMatchObject({ ponderSteps: 3, cut: false });
  });

  it('takes only what the mask allows', async () => {
    const agent = await makeAgent({ env: { id: 'KnownMask-v0' } });
    for (let allowed = 0; allowed < 4; allowed++) {
      const mask = [0, 1, 2, 3].map((a) => (a === allowed ? 1 : 0));
      const { action, thought } = await agent.act(2, { mask });
      expect(action).toBe(allowed);
      expect(thought.actions[0]).toEqual(mask);
    }
  });

  it('refuses what is no observation, and a mask that does not fit', async () => {
    const agent = await makeAgent();
    await expect(agent.act(4)).rejects.toThrow(RangeError);
    await expect(agent.act(4)).rejects.toThrow(/^Agent\.act: obs: expected .*, got 4/);
    await expect(agent.act('0')).rejects.toThrow(RangeError);
    await expect(agent.act(0, { mask: [1, 0] })).rejects.toThrow(
      'Agent.act: mask: expected 4 entries, got 2',
    );
    await expect(agent.act(0, { mask: [0, 0, 0, 0] })).rejects.toThrow(RangeError);
  });

  it.each<[object, string]>([
    [{ exit: 'sampel' }, 'exit: expected one of "sample", "threshold", "cdf", '],
    [{ maxSteps: 0 }, 'maxSteps: expected an integer in 1..1000, got 0'],
    [{ maxSteps: 2.5 }, 'maxSteps: expected an integer in 1..1000, got 2.5'],
    [{ deadlineMs: Number.NaN }, 'deadlineMs: expected a number ≥ 0, got NaN'],
    [{ deadlineMs: -1 }, 'deadlineMs: expected a number ≥ 0, got -1'],
    [{ deadline: 1 }, 'deadline: no such option; did you mean deadlineMs?'],
    [{ deterministic: 'no' }, 'deterministic: expected true or false, got "no"'],
    [{ seed: -1 }, 'seed: expected an integer ≥ 0, got -1'],
    [{ sample: true }, 'sample: no such option; expected one of maxSteps, deadlineMs, exit'],
    [[1], 'expected an object of options, got an array of 1: [1]'],
  ])('refuses %o in words', async (options, message) => {
    const agent = await makeAgent();
    await expect(agent.act(0, options)).rejects.toThrow(RangeError);
    await expect(agent.act(0, options)).rejects.toThrow(`Agent.act: ${message}`);
    expect(() => agent.decide(from([0]), options)).toThrow(`Agent.decide: ${message.slice(0, 40)}`);
  });

  it('takes options that are undefined for such as are not given', async () => {
    const agent = await makeAgent(khop);
    const [obs] = samples(agent, 1);
    const options = {
      maxSteps: undefined,
      deadlineMs: undefined,
      exit: undefined,
      seed: undefined,
    };
    expect(await agent.act(obs, options)).toEqual(await agent.act(obs));
  });

  it('draws actions where that is asked for, as often as they are likely', async () => {
    const agent = await makeAgent({ ...khop, halting: { maxSteps: 1 } });
    const [obs] = samples(agent, 1);
    const { action, thought } = await agent.act(obs);
    const counts = new Array<number>(thought.actions[0].length).fill(0);
    const draws = 300;
    for (let i = 0; i < draws; i++) {
      const drawn = await agent.act(obs, { deterministic: false });
      counts[drawn.action]++;
      expect(drawn.thought).toEqual(thought);
    }
    thought.actions[0].forEach((p, a) => {
      const error = Math.sqrt((p * (1 - p)) / draws);
      expect(Math.abs(counts[a] / draws - p)).toBeLessThanOrEqual(4 * error);
    });
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
    expect((await agent.act(obs)).action).toBe(action);
  });

  it('draws the same by the same seed, whatever was drawn before, and as decide does', async () => {
    const agent = await makeAgent(khop);
    const all = samples(agent, 12);
    const drawn = { deterministic: false, exit: 'sample' } as const;
    const by = async (seed: number) => {
      const acts = [];
      for (const obs of all) acts.push(await agent.act(obs, { ...drawn, seed }));
      return acts;
    };
    const first = await by(3);
    expect(await by(3)).toEqual(first);
    expect(await by(4)).not.toEqual(first);
    const decided$ = agent.decide(from(all), { ...drawn, seed: 3 }).pipe(toArray());
    const decided = await lastValueFrom(decided$);
    expect(await lastValueFrom(decided$)).toEqual(decided);
    // Each of many has draws of its own, the first those of act.
    const { index: _, ...zeroth } = decided.find(({ index }) => index === 0)!;
    expect(zeroth.action).toEqual(first[0].action);
    expect(zeroth.thought.ponderSteps).toBe(first[0].thought.ponderSteps);
  });

  it('draws where the config says so, unless the call says otherwise', async () => {
    const input = { ...khop, halting: { maxSteps: 1 } };
    const agent = await makeAgent({ ...input, evaluation: { deterministic: false } });
    const [obs] = samples(agent, 1);
    const actions = async (deterministic?: boolean) => {
      const found = new Set<number>();
      for (let i = 0; i < 60; i++) found.add((await agent.act(obs, { deterministic })).action);
      return found.size;
    };
    expect(await actions()).toBeGreaterThan(1);
    expect(await actions(true)).toBe(1);
  });

  it('called many times at once does not mix them up', async () => {
    const agent = await makeAgent(khop);
    const all = samples(agent, 12);
    const alone = [];
    for (const obs of all) alone.push(await agent.act(obs));
    expect(new Set(alone.map(({ thought }) => thought.ponderSteps)).size).toBeGreaterThan(1);
    expect(await Promise.all(all.map((obs) => agent.act(obs)))).toEqual(alone);
  });

  it('called many times at once takes the ponder steps of all as one batch, those of one exit together', async () => {
    const agent = await makeAgent(khop);
    const all = samples(agent, 6);
    const batches: number[] = [];
    const { outputs } = agent.policy;
    agent.policy.outputs = (z, n) => {
      batches.push(z.shape[0]);
      return outputs.call(agent.policy, z, n);
    };
    const fixed = (ponderSteps: number) => ({ exit: { name: 'fixed', ponderSteps } }) as const;
    await Promise.all(all.map((obs) => agent.act(obs, fixed(2))));
    expect(batches.splice(0)).toEqual([6, 6]);
    await Promise.all(all.map((obs, i) => agent.act(obs, fixed(1 + (i % 2)))));
    expect(batches.splice(0).sort()).toEqual([3, 3, 3]);
    for (const obs of all) await agent.act(obs, fixed(1));
    expect(batches).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('called many times at once refuses each call by itself', async () => {
    const agent = await makeAgent();
    const limited = agent.act(0, { maxSteps: 1 });
    const refused = agent.act(9);
    const wrong = agent.act(0, { exit: { name: 'cdf', quantile: 7 } });
    await expect(refused).rejects.toThrow('Agent.act: obs: expected');
    await expect(wrong).rejects.toThrow('exit cdf: quantile: ');
    expect((await limited).thought.ponderSteps).toBe(1);
    expect((await agent.act(0)).action).toEqual((await limited).action);
  });

  it('warms up without changing what it says or draws afterwards', async () => {
    const [warm, cold] = [await makeAgent(khop), await makeAgent(khop)];
    const tensors = tf.memory().numTensors;
    await warm.warmUp();
    expect(tf.memory().numTensors).toBe(tensors);
    for (const obs of samples(warm, 12)) {
      const drawn = { deterministic: false, exit: 'sample' } as const;
      expect(await warm.act(obs, drawn)).toEqual(await cold.act(obs, drawn));
    }
  });

  it('sees observations as they were normalized in training', async () => {
    const env = { id: 'Pendulum-v1' };
    const agent = await makeAgent({ env, normalize: { obs: true } });
    const plain = await makeAgent({ env });
    plain.policy.parameters.write(await agent.policy.parameters.read());
    agent.normalizer!.update([0.5, -0.5, 4, 0.25, 0.5, -2], 2);
    const obs = Float32Array.of(0.5, 0.25, -1);
    const row = obs.slice();
    agent.normalizer!.normalize(row);
    expect(row.every((x) => Math.abs(x) <= 1)).toBe(true);
    expect(await agent.act(obs)).toEqual(await plain.act(row));
    expect(obs).toEqual(Float32Array.of(0.5, 0.25, -1));
  });
});

describe('Agent.decide', () => {
  it('decides on each observation once, as act does', async () => {
    const agent = await makeAgent(khop);
    // More than think at once.
    const all = samples(agent, 100);
    const decided = await lastValueFrom(agent.decide(from(all)).pipe(toArray()));
    expect(decided.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...all.keys()]);
    for (const { index, action, thought } of decided) {
      const alone = await agent.act(all[index]);
      expect(action).toEqual(alone.action);
      expect(thought.ponderSteps).toBe(alone.thought.ponderSteps);
    }
    // In the order in which thoughts end: some overtake others.
    expect(decided.map(({ index }) => index)).not.toEqual([...all.keys()]);
  });

  it('goes on as observations come, within the limits given', async () => {
    const agent = await makeAgent({}, 0.01);
    const observations = new Subject<unknown>();
    const decided = lastValueFrom(agent.decide(observations, { maxSteps: 2 }).pipe(toArray()));
    observations.next(1);
    await new Promise(setImmediate);
    observations.next(2);
    observations.next(3);
    observations.complete();
    const found = await decided;
    expect(found.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
    for (const { thought } of found) expect(thought).toMatchObject({ ponderSteps: 2, cut: true });
  });

  it('subscribed to twice at once keeps the two apart', async () => {
    const agent = await makeAgent(khop);
    const decided$ = agent.decide(from(samples(agent, 10))).pipe(toArray());
    const both = await Promise.all([lastValueFrom(decided$), lastValueFrom(decided$)]);
    for (const decided of both) {
      expect(decided.map(({ index }) => index).sort()).toEqual([...Array(10).keys()]);
    }
  });

  it('of nothing ends at once, and fails at what is no observation', async () => {
    const agent = await makeAgent();
    expect(await lastValueFrom(agent.decide(from([])).pipe(toArray()))).toEqual([]);
    await expect(lastValueFrom(agent.decide(from([0, 7])))).rejects.toThrow(RangeError);
  });
});

describe('tensors', () => {
  it('are as many after acting as before, however it ended, and none after dispose', async () => {
    const begin = tf.memory().numTensors;
    const agent = await Agent.create(tinyConfig(khop), '.');
    const own = tf.memory().numTensors;
    const all = samples(agent, 5);
    for (const obs of all) await agent.act(obs);
    await Promise.all(all.map((obs) => agent.act(obs, { maxSteps: 1 })));
    await agent.act('nonsense').catch(() => {});
    await lastValueFrom(agent.decide(from(all)).pipe(toArray()));
    await lastValueFrom(agent.decide(from([...all, 'nonsense']))).catch(() => {});
    await new Promise(setImmediate); // the step under way as it failed
    expect(tf.memory().numTensors).toBe(own);
    agent.dispose();
    expect(tf.memory().numTensors).toBe(begin);
  });
});

describe('an agent that has been disposed of', () => {
  const message = (verb: string) => `${verb}: the agent has been disposed of`;

  it('says so, whatever it is asked', async () => {
    const agent = await makeAgent();
    const weights = await agent.policy.parameters.read();
    agent.dispose();
    agent.dispose();
    await expect(agent.act(0)).rejects.toThrow(message('Agent.act'));
    await expect(agent.warmUp()).rejects.toThrow(message('Agent.warmUp'));
    await expect(lastValueFrom(agent.decide(from([0])))).rejects.toThrow(message('Agent.decide'));
    expect(() => agent.decider(1)).toThrow(message('Agent.decider'));
    expect(() => agent.restore(weights, agent.state())).toThrow(message('Agent.restore'));
    await expect(evaluate(agent, { episodes: 1 })).rejects.toThrow(message('evaluate'));
  });

  it('ends a thought that is under way with words', async () => {
    const agent = await makeAgent({}, 0.01);
    const acting = agent.act(0);
    agent.dispose();
    await expect(acting).rejects.toThrow(
      'Policy: expected a policy in use, got one that was disposed of',
    );
  });
});

describe('Agent.load', () => {
  it('gives back the agent that was trained', async () => {
    const runDir = tempDir();
    const env = { id: 'Pendulum-v1', count: 8, maxEpisodeSteps: 5 };
    await train(tinyConfig({ env, normalize: { obs: true } }), { runDir });
    const agent = await Agent.load(runDir);
    const again = await Agent.load(runDir, { checkpoint: 'best' });
    const [obs] = samples(agent, 1);
    expect(await again.act(obs)).toEqual(await agent.act(obs));
    expect(again.state()).toEqual(agent.state());
    expect(agent.normalizer!.count).toBeGreaterThan(100);

    const one = await Agent.load(runDir, { set: ['halting.maxSteps=1'] });
    expect((await one.act(obs)).thought.ponderSteps).toBe(1);
    for (const each of [agent, again, one]) each.dispose();
  });

  it('says what is wrong, and leaves nothing behind', async () => {
    const runDir = tempDir();
    await train(tinyConfig(), { runDir });
    const { numTensors } = tf.memory();
    const load = (set: string[]) => Agent.load(runDir, { set });
    await expect(Agent.load(join(runDir, 'no'))).rejects.toThrow(UsageError);
    await expect(load(['halting.maxStep=1'])).rejects.toThrow(UsageError);
    await expect(Agent.load(runDir, { checkpoint: 'newest' as never })).rejects.toThrow(
      'Agent.load: checkpoint: expected one of "best", "latest", got "newest"',
    );
    await expect(Agent.load(runDir, { sets: [] } as never)).rejects.toThrow('did you mean set?');
    await expect(Agent.load(undefined as never)).rejects.toThrow(
      'Agent.load: expected the path of a run directory, got undefined',
    );
    await expect(load(['env.id=KnownDixit-v0'])).rejects.toThrow(UsageError);
    await expect(load(['policy.width=12'])).rejects.toThrow(/expected shape \[.*12.*\], got/);
    await expect(load(['policy.heads=3'])).rejects.toThrow(
      'policy.heads: expected a divisor of policy.width, got 3',
    );
    await expect(load(['normalize.obs=true'])).rejects.toThrow(
      'normalize.obs: expected a Box observation space, got a space of type discrete',
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('sets nothing of a state that does not fit', async () => {
    const agent = await makeAgent({ env: { id: 'Pendulum-v1' }, normalize: { obs: true } });
    const weights = await agent.policy.parameters.read();
    const before = agent.state();
    const other = Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((x) => x + 1) },
      ]),
    );
    const normalizer = new RunningStats(5).state();
    expect(() => agent.restore(other, { price: 9, normalizer })).toThrow(
      'checkpoint: expected observation statistics of 3 numbers, got 5',
    );
    const { 'heads.value': _, ...missing } = other;
    expect(() => agent.restore(missing, { price: 9 })).toThrow(
      'weights: expected a tensor "heads.value", got none',
    );
    expect(agent.state()).toEqual(before);
    expect(await agent.policy.parameters.read()).toEqual(weights);
  });
});

describe('a session', () => {
  const stacked: Partial<ConfigInput> = { env: { id: 'CartPole-v1', frameStack: 3 } };
  const drawn = { deterministic: false, seed: 1 };

  it('acts on the latest observations of the episode, as the agent does on their stack', async () => {
    const agent = await makeAgent(stacked);
    const [a, b, c, d] = [1, 2, 3, 4].map((i) => Float32Array.of(i / 10, 0, i / 100, 0));
    const stack = (...frames: Float32Array[]) => Float32Array.from(frames.flatMap((f) => [...f]));
    const session = agent.session();
    for (let episode = 0; episode < 2; episode++) {
      const seen = [
        [a, stack(a, a, a)],
        [b, stack(a, a, b)],
        [c, stack(a, b, c)],
        [d, stack(b, c, d)],
      ];
      for (const [obs, all] of seen) {
        expect(await session.act(obs, drawn)).toEqual(await agent.act(all, drawn));
      }
      session.reset();
    }
  });

  it('keeps nothing of a call that is refused', async () => {
    const agent = await makeAgent(stacked);
    const [session, other] = [agent.session(), agent.session()];
    const obs = Float32Array.of(0.1, 0, 0, 0);
    const wrong: [obs: unknown, options: object, message: string][] = [
      [[1], {}, 'AgentSession.act: obs: expected a Float32Array of 4 (shape [4])'],
      [obs, { maxSteps: 0 }, 'AgentSession.act: maxSteps'],
      [obs, { mask: [0, 0] }, 'AgentSession.act: mask'],
    ];
    for (const [seen, options, message] of wrong) {
      await expect(session.act(seen, options)).rejects.toThrow(message);
    }
    const later = Float32Array.of(0, 0, 0.1, 0);
    for (const seen of [obs, later]) {
      expect(await session.act(seen, drawn)).toEqual(await other.act(seen, drawn));
    }
  });

  it('of an agent that sees no stacks is the agent', async () => {
    const agent = await makeAgent(khop);
    const [obs] = samples(agent, 1);
    expect(await agent.session().act(obs, drawn)).toEqual(await agent.act(obs, drawn));
  });

  it('knows a single observation from a checkpoint alone, but not from an older one', async () => {
    const agent = await makeAgent(stacked);
    const { spaces } = agent.state();
    const loaded = async (spaces: AgentState['spaces']) => {
      const again = await Agent.create(
        agent.config,
        '.',
        {},
        { spaces: JSON.parse(JSON.stringify(spaces)) },
      );
      onTestFinished(() => again.dispose());
      again.restore(await agent.policy.parameters.read(), agent.state());
      return again;
    };
    const again = await loaded(spaces);
    expect(again.observationSpace.toJSON()).toEqual(agent.observationSpace.toJSON());
    const obs = Float32Array.of(0.1, 0, 0, 0);
    expect(await again.session().act(obs, drawn)).toEqual(await agent.session().act(obs, drawn));
    const old = await loaded({ ...spaces!, frame: undefined });
    expect(() => old.session()).toThrow('give act stacks of 3');
  });
});
