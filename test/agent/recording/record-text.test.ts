import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Agent } from '../../../src/agent/agent/agent.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { record, recordText } from '../../../src/agent/recording/index.ts';
import { readRecording } from '../../../src/agent/run/index.ts';
import { recordedEnv } from '../../../src/agent/run/recorded-env.ts';
import type { RecordedDecision } from '../../../src/agent/run/recording-format.ts';
import { type Env, makeEnv } from '../../../src/envs/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { makeWriter } from '../../support/writer.ts';

type Options = Partial<Parameters<typeof recordText>[2]>;

async function textOf(agent: Agent, options: Options, prompt: string | number[] = '12+7=') {
  const path = join(tempDir(), 'text.jsonl');
  const lines: string[] = [];
  const asked = { seed: 5, ...options };
  const reason = await recordText(agent, prompt, asked, (line) => void lines.push(line));
  writeFileSync(path, lines.join(''));
  return { path, reason, count: lines.length, ...(await readRecording(path)) };
}

const decisionsOf = (lines: readonly { type: string }[]) =>
  lines.filter(({ type }) => type === 'decision') as RecordedDecision[];

it('records a text as it is generated: each token an action, then an observation', async () => {
  const { agent } = await makeWriter();
  const asked = { seed: 5, maxTokens: 12, temperature: 0.8, exit: 'sample', trace: true } as const;
  const { trace: _, ...options } = asked;
  const { header, lines, reason } = await textOf(agent, options);
  const decisions = decisionsOf(lines);
  expect(header).toMatchObject({ seed: 5, deterministic: false, halting: { exit: 'sample' } });
  const tokens = [];
  for await (const token of agent.generate('12+7=', asked)) tokens.push(token);
  expect(decisions.map(({ action }) => action)).toEqual(tokens.map(({ token }) => token));
  const close = (numbers: readonly number[]) => numbers.map((x) => expect.closeTo(x, 4));
  expect(decisions.map(({ thought }) => thought.steps.map(({ halt }) => halt))).toEqual(
    tokens.map(({ thought }) => close(thought!.halts)),
  );
  expect(decisions.map(({ thought }) => thought.steps.map(({ actions }) => actions))).toEqual(
    tokens.map(({ thought }) => thought!.actions.map(close)),
  );
  expect(decisions.map(({ obs }) => obs)).toEqual([
    11,
    ...tokens.slice(0, -1).map(({ token }) => token),
  ]);
  expect(decisions.map(({ earlier }) => earlier)).toEqual([
    [1, 2, 10, 7],
    ...tokens.slice(1).map(() => undefined),
  ]);
  expect(decisions.map(({ entry }) => entry)).toEqual(decisions.map((_, t) => 4 + t));
  for (const [t, { thought }] of decisions.entries()) {
    for (const { attention, memory } of thought.steps) {
      expect(memory).toHaveLength(Math.min(8, 5 + t));
      expect([...attention, ...memory!].reduce((sum, x) => sum + x)).toBeCloseTo(1, 4);
    }
  }
  expect(reason).toBe('maxTokens');
  expect(decisions.at(-1)).toMatchObject({ terminated: false, truncated: true });
  const last = decisions.at(-1)!.action;
  expect(lines.at(-1)).toEqual({ type: 'end', return: 0, length: 12, obs: last, reason });
});

it('says why a text ends', async () => {
  const { agent } = await makeWriter();
  const stopped = await textOf(agent, { stop: '=' });
  expect(stopped.reason).toBe('stop');
  expect(decisionsOf(stopped.lines).at(-1)).toMatchObject({ action: 11, terminated: true });
  expect((await textOf(agent, { deadlineMs: 0 })).reason).toBe('deadline');
  const full = await textOf(agent, { maxLength: 3000 });
  expect([full.reason, full.lines.at(-1)]).toEqual([
    'full',
    expect.objectContaining({ type: 'end', reason: 'full' }),
  ]);
  const aborted = await textOf(agent, { signal: AbortSignal.abort() });
  expect([aborted.reason, aborted.lines.map(({ type }) => type)]).toEqual([
    undefined,
    ['decision'],
  ]);
});

it('writes nothing of a prompt that is refused', async () => {
  const { agent } = await makeWriter();
  const lines: string[] = [];
  await expect(
    recordText(agent, '123456789', { seed: 0 }, (line) => void lines.push(line)),
  ).rejects.toThrow('prompt: expected 1 to 8 tokens (memory.length), got 9');
  expect(lines).toEqual([]);
});

it('prompts of episodes are recorded, and demonstrated again', async () => {
  const { agent } = await makeWriter();
  const path = join(tempDir(), 'episodes.jsonl');
  const lines: string[] = [];
  const source = await envSource(agent.config, '.');
  await record(agent, source, { episodes: 1, seed: 3 }, (line) => lines.push(line));
  writeFileSync(path, lines.join(''));
  const own = makeEnv('Addition-v0') as Env;
  const env = (await recordedEnv([path]))() as Env;
  const [first] = decisionsOf((await readRecording(path)).lines);
  expect(first.earlier!.length).toBeGreaterThan(0);
  const { obs, info } = await env.reset({ seed: 1 });
  expect([info.earlier, obs]).toEqual([first.earlier, first.obs]);
  expect(info.demonstration).toBe(first.action);
  expect(own.observationSpace.toJSON()).toEqual(env.observationSpace.toJSON());
});
