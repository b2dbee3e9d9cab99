import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { envSource } from '../../src/agent/config/env-source.ts';
import { exportOnnx } from '../../src/agent/export/export-onnx.ts';
import { actionsOf } from '../../src/agent/page/app/actions.ts';
import { record } from '../../src/agent/recording/record.ts';
import type { RecordedDecision } from '../../src/agent/run/recording-format.ts';
import { train } from '../../src/agent/train/train.ts';
import { checkEnv } from '../../src/envs/index.ts';
import { connect, makeRun, serve } from '../support/served.ts';
import { run } from '../support/short-runs.ts';
import spellingEnv from '../support/spelling-env.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig, tinyConfig } from '../support/tiny-config.ts';

const module = resolve(import.meta.dirname, '../support/spelling-env.ts');

it('the spelling environment keeps the contract', async () => {
  const { problems } = await checkEnv(spellingEnv, { envSteps: 100 });
  expect(problems).toEqual([]);
});

it('words that observations name are spelled after training', async () => {
  const config = knownAnswerConfig(6_000, { halting: { rule: 'fixed', maxSteps: 1 } });
  const { evaluation } = await train(config, { runDir: tempDir(), env: spellingEnv });
  // Random texts get 0.29.
  expect(evaluation!.return.mean).toBeGreaterThan(0.95);
});

it.each([
  ['bernoulli', { distillation: 0.1 }, {}],
  ['ponder', {}, {}],
  ['bernoulli', {}, { length: 4, prelude: 1 }],
])(
  'the rule %s, with %o and the memory %o, learns from the probabilities that acted',
  async (rule, recipe, memory) => {
    const config = tinyConfig({ halting: { rule }, recipe, memory });
    const { failure, metrics } = await run(config, { env: spellingEnv });
    expect(failure).toBeUndefined();
    expect(metrics.length).toBeGreaterThan(3);
    for (const { firstRatioError } of metrics) expect(firstRatioError).toBeLessThan(1e-4);
  },
);

it('an agent, and who asks for its actions elsewhere, get texts; a recording shows each place', async () => {
  const { dir, agent } = await makeRun({ env: { id: undefined, module } });
  expect(agent.policy.summaries.action).toBe('text of 1..3 of 3 characters, one after another');
  const client = await connect((await serve(dir)).url);
  for (let seed = 0; seed < 10; seed++) {
    const { action, thought } = await agent.act(seed % 5, { deterministic: false, seed });
    expect(agent.actionSpace.explain(action)).toBeUndefined();
    const elsewhere = await client.act(seed % 5, { deterministic: false, seed });
    expect(elsewhere.action).toBe(action);
    // At each place the three characters, and the end.
    expect(thought.actions[0]).toHaveLength(3 * 4);
  }
  const lines: string[] = [];
  const source = await envSource(agent.config, dir);
  await record(agent, source, { episodes: 2, seed: 1 }, (line) => void lines.push(line));
  const [header, ...rest] = lines.map((line) => JSON.parse(line));
  const decisions = rest.filter(({ type }) => type === 'decision') as RecordedDecision[];
  expect(decisions).toHaveLength(2);
  for (const decision of decisions) {
    const { labels, taken, alike } = actionsOf(header, decision);
    expect(labels).toHaveLength(decision.thought.steps[0].actions.length);
    expect(labels.slice(0, 4)).toEqual(['1: a', '1: b', '1: c', '1: the end']);
    const characters = [...(decision.action as string), 'the end'].slice(0, 3);
    expect([...taken].map((i) => labels[i])).toEqual(
      characters.map((one, k) => `${k + 1}: ${one}`),
    );
    expect(alike).toBe(false);
  }
});

it('what does not take texts says so', async () => {
  const { agent } = await makeRun({ env: { id: undefined, module } });
  await expect(exportOnnx(agent)).rejects.toThrow(
    /^export: actionSpace: expected Box, .*, got a Text; serve the policy/,
  );
  const pqn = tinyConfig({ algorithm: 'pqn' });
  const { failure } = await run(pqn, { env: spellingEnv });
  expect(failure).toMatchObject({
    message: expect.stringContaining(
      'since pqn learns a value for each choice, got a space of type text',
    ),
  });
});
