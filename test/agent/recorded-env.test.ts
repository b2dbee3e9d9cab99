import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Agent } from '../../src/agent/agent/agent.ts';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import { envSource } from '../../src/agent/config/env-source.ts';
import { loadConfig } from '../../src/agent/config/load-config.ts';
import { evaluate } from '../../src/agent/evaluate/evaluate.ts';
import { record } from '../../src/agent/recording/index.ts';
import { type RecordedDecision, recordedEnv } from '../../src/agent/run/index.ts';
import type { Env, Reset, Step } from '../../src/envs/index.ts';
import { loadBackend } from '../../src/kernels/index.ts';
import { run } from '../support/short-runs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig, tinyConfig } from '../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** A file with the recording of an agent that knows nothing, and its lines. */
async function recorded(
  episodes: number,
  input: Partial<ConfigInput> = {},
  change = (lines: string[]) => lines,
) {
  const agent = await Agent.create(tinyConfig(input), '.');
  try {
    const lines: string[] = [];
    const source = await envSource(agent.config, '.');
    await record(agent, source, { episodes, seed: 3, deterministic: false }, (line) =>
      lines.push(line),
    );
    const path = join(tempDir(), 'recorded.jsonl');
    await writeFile(path, change(lines).join(''));
    return { path, lines: lines.map((line) => JSON.parse(line)) };
  } finally {
    agent.dispose();
  }
}

/** The numbers of a value, or of its JSON, as float32. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [Math.fround(value)];
  const parts = ArrayBuffer.isView(value) ? Array.from(value as never) : Object.values(value!);
  return parts.flatMap(numbersIn);
}

const envOf = async (path: string) => (await (await recordedEnv([path]))()) as Env;

describe('an environment made of recordings', () => {
  it.each<[string, Partial<ConfigInput>]>([
    ['choices', {}],
    ['numbers', { env: { id: 'Pendulum-v1', maxEpisodeSteps: 5 } }],
    ['masks', { env: { id: 'KnownMask-v0' } }],
    ['parts', { env: { id: 'KnownDict-v0' } }],
    [
      'a memory',
      { env: { id: 'RepeatPrevious-v0', options: { decks: 1 } }, memory: { length: 4 } },
    ],
  ])('goes on as was recorded, whatever is done, and demonstrates it: %s', async (_, input) => {
    const { path, lines } = await recorded(1, input);
    const decisions = lines.filter(({ type }) => type === 'decision') as RecordedDecision[];
    const env = await envOf(path);
    let shown: Reset | Step = await env.reset({ seed: 1 });
    for (const [i, { obs, action, reward, terminated, truncated }] of decisions.entries()) {
      expect(env.observationSpace.explain(shown.obs)).toBeUndefined();
      expect(numbersIn(shown.obs)).toEqual(numbersIn(obs));
      expect(numbersIn(shown.info.demonstration)).toEqual(numbersIn(action));
      expect(shown.info.actionMask).toEqual(decisions[i].mask);
      const step: Step = await env.step(shown.info.demonstration);
      expect([step.reward, step.terminated, step.truncated]).toEqual([
        reward,
        terminated,
        truncated,
      ]);
      shown = step;
    }
    expect(shown.info.demonstration).toBeUndefined();
    expect(() => env.step(0)).toThrow('expected reset() before step()');
  });

  it('draws episodes by its seed, and a snapshot goes on where it was', async () => {
    const { path } = await recorded(12, { env: { id: 'KnownDelay-v0' } });
    const play = async (env: Env, steps: number) => {
      const seen: unknown[] = [];
      for (let i = 0; i < steps; i++) {
        const step: Step = await env.step(0);
        seen.push(step.obs, step.reward);
        if (step.terminated || step.truncated) seen.push((await env.reset()).obs);
      }
      return seen;
    };
    const [env, other] = [await envOf(path), await envOf(path)];
    await env.reset({ seed: 5 });
    await other.reset({ seed: 5 });
    expect(await play(other, 40)).toEqual(await play(env, 40));
    const state = JSON.parse(JSON.stringify(await env.snapshot!()));
    await other.restore!(state);
    expect(await play(other, 40)).toEqual(await play(env, 40));
  });

  it('leaves out an episode that was lost, or whose end was not recorded', async () => {
    const lost = JSON.stringify({ type: 'end', return: 0, length: 1, lost: 'gone' });
    const { path } = await recorded(3, {}, (lines) => {
      // Header, three episodes of one decision and its end: the first is lost, the last has no end.
      const [header, first, , second, end, third] = lines;
      return [header, first, `${lost}\n`, second, end, third];
    });
    const env = await envOf(path);
    const first = (await env.reset({ seed: 1 })).obs;
    for (let i = 0; i < 10; i++) expect((await env.reset()).obs).toBe(first);
  });

  it.each<[string, (lines: string[]) => string[]]>([
    ['expected recordings of at least one whole episode, got none', ([header]) => [header]],
    [
      ':2: expected an observation, got none: it was too large to be recorded',
      ([header, decision, end]) => [header, decision.replace(/"obs":\d+,/, ''), end],
    ],
    [
      ':2: expected an integer in 0..3, got 9',
      ([header, decision, end]) => [header, decision.replace(/"obs":\d+/, '"obs":9'), end],
    ],
    [
      ':2: expected an entry of number 0, got 2: observations of info.earlier are missing, which were too large, or which versions before 4 do not hold',
      ([header, decision, end]) => [header, decision.replace('"t":0', '"t":0,"entry":2'), end],
    ],
  ])('is refused: %s', async (message, change) => {
    const { path } = await recorded(1, {}, change);
    await expect(recordedEnv([path])).rejects.toThrow(message);
  });

  it('takes several recordings of the same spaces alone', async () => {
    const [one, other] = [await recorded(1), await recorded(1, { env: { id: 'KnownDelay-v0' } })];
    await expect(recordedEnv([one.path, other.path])).rejects.toThrow(
      `${other.path}: expected the spaces of ${one.path}`,
    );
  });
});

it('a policy learns to act as a recorded one did: behavior cloning, from a config', async () => {
  const expert = await run(knownAnswerConfig(6000, { env: { id: 'KnownMultiDiscrete-v0' } }));
  const agent = await Agent.load(expert.runDir);
  const lines: string[] = [];
  await record(agent, await envSource(agent.config, '.'), { episodes: 300, seed: 1 }, (line) =>
    lines.push(line),
  );
  agent.dispose();
  const dir = tempDir();
  await writeFile(join(dir, 'expert.jsonl'), lines.join(''));
  await writeFile(
    join(dir, 'clone.yaml'),
    `env: { recordings: [expert.jsonl], count: 32 }
algorithm: likelihood
policy: { width: 16, heads: 2, feedForward: 16 }
likelihood: { decisions: 256, minibatch: 64, learningRate: 0.01 }
evaluation: { episodes: 0 }
kernels: { threads: 1 }
watchdog: { threadSeconds: 0 }
backend: simd
train: { totalSteps: 10000 }
`,
  );
  const clone = await loadConfig(join(dir, 'clone.yaml'));
  expect(clone.name).toBe('expert');
  const { runDir, failure } = await run(clone);
  expect(failure).toBeUndefined();
  const cloned = await Agent.load(runDir, {
    set: ['env.recordings=null', 'env.id=KnownMultiDiscrete-v0'],
  });
  try {
    const { return: found } = await evaluate(cloned, { episodes: 100, forcedEpisodes: 0 });
    expect(found.mean).toBeGreaterThan(0.95);
  } finally {
    cloned.dispose();
  }
});
