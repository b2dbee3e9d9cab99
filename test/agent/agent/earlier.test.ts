import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { AgentMemory } from '../../../src/agent/agent/agent-memory.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { record } from '../../../src/agent/recording/index.ts';
import type { RecordedDecision } from '../../../src/agent/run/index.ts';
import type { ActionMask, Env, Reset, Step } from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import diaryEnv, { type DiaryOptions } from '../../support/diary-env.ts';
import { distance, stir } from '../../support/small-policy.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(() => loadBackend('simd'));

const memory = { length: 3, prelude: 1 };
const greedy = { deterministic: true };

async function makeAgent(input: Partial<ConfigInput>, env = () => diaryEnv()): Promise<Agent> {
  const agent = await Agent.create(tinyConfig({ memory, ...input }), '.', { env });
  onTestFinished(() => agent.dispose());
  stir(agent.policy.parameters, 0.5);
  return agent;
}

/** What an environment shows before a decision. */
interface Shown {
  begins: boolean;
  obs: unknown;
  reward: number;
  earlier: readonly unknown[] | undefined;
  mask: ActionMask | undefined;
}

/** Plays a diary by the pool, as training and evaluation do: what was shown, and the values of the thoughts. */
async function byEnvironment(agent: Agent, options: DiaryOptions) {
  const seen: Shown[] = [];
  const noted = <R extends Reset | Step>(result: R): R => {
    const { obs, info } = result;
    const stepped = 'reward' in result;
    if (stepped && (result.terminated || result.truncated)) return result;
    const { earlier, actionMask: mask } = info;
    seen.push({ begins: !stepped, obs, reward: stepped ? result.reward : 0, earlier, mask });
    return result;
  };
  const env = () => {
    seen.length = 0;
    const diary = diaryEnv(options) as Env & { reset(): Reset; step(a: unknown): Step };
    return {
      ...diary,
      reset: (given?: { seed?: number }) => noted(diary.reset(given) as Reset),
      step: (action: unknown) => noted(diary.step(action) as Step),
    };
  };
  const source = await envSource(agent.config, '.', { env });
  const lines: string[] = [];
  await record(agent, source, { episodes: 4, seed: 3, ...greedy }, (line) => void lines.push(line));
  const decisions = lines.slice(1).map((line): RecordedDecision => JSON.parse(line));
  const values = decisions
    .filter(({ type }) => type === 'decision')
    .map(({ thought }) => thought.steps.map(({ value }) => value));
  return { seen: seen.slice(0, values.length), values };
}

describe('observations that came earlier and asked for no action', () => {
  it.each<[string, Partial<ConfigInput>, DiaryOptions, boolean]>([
    ['numbers', {}, {}, false],
    ['numbers that are normalized', { normalize: { obs: true } }, {}, false],
    ['bytes', {}, { observes: 'bytes' }, false],
    ['lists', {}, { observes: 'entries' }, false],
    ['stacks of frames', { env: { frameStack: 3 } }, {}, true],
    ['stacks of frames, without a memory', { env: { frameStack: 3 }, memory: {} }, {}, true],
  ])('are remembered as those of an environment: %s', async (_, input, options, stacked) => {
    const agent = await makeAgent(input, () => diaryEnv(options));
    if (agent.normalizer) agent.normalizer.update([1, 2, 3, -1, 0, 2], 2);
    const { seen, values } = await byEnvironment(agent, { length: 10, ...options });
    expect(seen.filter(({ begins, earlier }) => begins && earlier).length).toBeGreaterThan(0);
    expect(seen.filter(({ begins, earlier }) => !begins && earlier).length).toBeGreaterThan(2);

    const session = agent.session();
    let kept: AgentMemory | undefined;
    const [own, byMemory, without]: number[][][] = [[], [], []];
    for (const { begins, obs, ...told } of seen) {
      if (begins) session.reset();
      own.push((await session.act(obs, { ...greedy, ...told })).thought.values);
      if (stacked) continue;
      if (begins) kept = undefined;
      const act = await agent.act(obs, { ...greedy, ...told, memory: kept });
      byMemory.push(act.thought.values);
      const { thought } = await agent.act(obs, {
        ...{ ...greedy, ...told, memory: kept },
        earlier: undefined,
      });
      without.push(thought.values);
      kept = JSON.parse(JSON.stringify(act.memory));
      expect(session.memory).toEqual(act.memory);
    }
    expect(distance(own, values)).toBeLessThan(1e-5);
    if (stacked) return;
    expect(distance(byMemory, values)).toBeLessThan(1e-5);
    expect(distance(without, values)).toBeGreaterThan(1e-3);
  });

  it('may be more than a decision depends on: the oldest are forgotten', async () => {
    const agent = await makeAgent({});
    const at = (x: number) => Float32Array.of(x, 0, 0);
    const long = Array.from({ length: 50 }, (_, i) => at(1 + i / 50));
    const act = (earlier: Float32Array[]) => agent.act(at(0), { ...greedy, earlier });
    const { thought, memory: kept } = await act(long);
    // (1 + 1)·(3 − 1) + 1 entries, the observation's own among them.
    expect(kept!.entries.map(({ age }) => age)).toEqual([46, 47, 48, 49, 50]);
    expect(kept!.entries.every(({ action, reward }) => action === null && reward === 0)).toBe(true);
    const other = await act([at(-2), ...long.slice(1)]);
    expect(other.thought.values).toEqual(thought.values);
    // They count: the same ones are younger in a shorter prompt.
    const shorter = await act(long.slice(-4));
    expect(distance(shorter.thought.values, thought.values)).toBeGreaterThan(1e-4);
    expect((await agent.session().act(at(0), { ...greedy, earlier: long })).thought.values).toEqual(
      thought.values,
    );
  });

  it('are as they were when `act` was called, in calls that wait', async () => {
    const agent = await makeAgent({});
    const [first, second] = [agent.session(), agent.session()];
    const buffer = new Float32Array(3);
    const acting = [0.5, 1, 1.5].map((x) => {
      buffer.fill(x);
      return first.act(buffer, { ...greedy, earlier: [buffer] });
    });
    const found = await Promise.all(acting);
    for (const [i, x] of [0.5, 1, 1.5].entries()) {
      const obs = new Float32Array(3).fill(x);
      expect(await second.act(obs, { ...greedy, earlier: [obs.slice()] })).toEqual(found[i]);
    }
  });

  it('are refused where they are none, also by a policy without a memory, which does not look at others', async () => {
    const obs = Float32Array.of(0, 0, 0);
    for (const length of [0, 3]) {
      const agent = await makeAgent({ memory: { length } });
      const session = agent.session();
      const act = async (earlier: unknown) =>
        agent.act(obs, { ...greedy, earlier: earlier as unknown[] });
      await expect(act([obs, [1, 2]])).rejects.toThrow(
        'Agent.act: earlier[1]: expected a Float32Array of 3',
      );
      await expect(act('all')).rejects.toThrow(
        'Agent.act: earlier: expected an array of observations, got "all"',
      );
      const wrong = session.act(obs, { earlier: [[1, 2]] });
      await expect(wrong).rejects.toThrow(/\.act: earlier\[0\]: expected a Float32Array of 3/);
      if (length > 0) continue;
      expect(await act([obs])).toEqual(await agent.act(obs, greedy));
      expect(await session.act(obs, { ...greedy, earlier: [obs] })).toEqual(await act([]));
    }
  });
});
