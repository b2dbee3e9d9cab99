import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { Agent } from '../../src/agent/agent/agent.ts';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import { evaluate } from '../../src/agent/evaluate/evaluate.ts';
import type { UpdateMetrics } from '../../src/agent/events/events.ts';
import { progress } from '../../src/agent/events/progress.ts';
import { readMetrics } from '../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../src/agent/train/train.ts';
import { loadBackend } from '../../src/kernels/index.ts';
import { built } from '../support/built.ts';
import { scalarsIn } from '../support/event-file.ts';
import tellingEnv from '../support/telling-env.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
  // Some of what the environment tells is no number.
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

/** Eight environments take four steps each an update: two whole episodes. */
const config = (input: Partial<ConfigInput> = {}) =>
  tinyConfig({ halting: { rule: 'fixed', maxSteps: 1 }, ...input });

async function run(input: ConfigInput, options: TrainOptions = {}) {
  const runDir = options.runDir ?? tempDir();
  const found = await train(input, { ...options, runDir });
  const metrics = (await readMetrics(join(runDir, 'metrics.jsonl'))) as unknown as UpdateMetrics[];
  return { ...found, runDir, metrics };
}

/** Over both steps, over ends alone. */
const expected = { turn: 1.5, 'score/total': 5, won: 1 };

it('an environment’s own numbers are in metrics.jsonl, TensorBoard, evaluations, progress and the report', async () => {
  const lines: string[] = [];
  const on = progress({ write: (line: string) => lines.push(line) });
  const env = () => tellingEnv({ odd: true });
  const { runDir, metrics, evaluation } = await run(config(), { env, on });
  expect(metrics.map(({ envMetrics }) => envMetrics)).toEqual(Array(6).fill(expected));
  expect(metrics[3].evaluation!.envMetrics).toEqual(expected);
  expect(evaluation!.envMetrics).toEqual(expected);
  const scalars = scalarsIn(join(runDir, 'tensorboard'));
  for (const [name, value] of Object.entries(expected)) {
    expect(scalars.get(`env/${name}`)).toEqual(Array(6).fill(value));
    expect(scalars.get(`evaluation/env/${name}`)!.at(-1)).toBe(value);
  }
  expect([...scalars.keys()].filter((tag) => /began|broken|</.test(tag))).toEqual([]);
  expect(lines.at(-1)).toContain('ponder steps 1.00, turn 1.500, score/total 5.000, won 1.000');
  expect(readFileSync(join(runDir, 'report.html'), 'utf8')).toContain('env/score/total');
  const agent = await Agent.load(runDir, { env });
  expect((await evaluate(agent, { episodes: 2, env })).envMetrics).toEqual(expected);
});

it('from worker threads they are the same', { timeout: 120_000 }, async () => {
  const module = built('test/support/telling-env.ts');
  const env = { id: undefined, module, workers: 2 };
  const { metrics, evaluation } = await run(config({ env }));
  // Rollouts end where a worker has answered, in the middle of an episode too.
  expect(metrics[0].envMetrics).toEqual({ ...expected, turn: expect.closeTo(1.5, 0) });
  expect(evaluation!.envMetrics).toEqual(expected);
});

it('names that change fill neither files nor the state, and a resumed run has the same', async () => {
  const env = () => tellingEnv({ changing: true });
  const longer = config({ train: { totalSteps: 320 } });
  const whole = await run(longer, { env });
  const controller = new AbortController();
  const runDir = tempDir();
  await run(longer, {
    ...{ env, runDir, signal: controller.signal },
    on: ({ type }) => type === 'updated' && controller.abort(),
  });
  const resumed = await run(longer, { env, runDir, resume: true });
  const own = ({ metrics }: typeof whole) =>
    metrics.map(({ envMetrics, evaluation }) => [envMetrics, evaluation?.envMetrics]);
  expect(own(resumed)).toEqual(own(whole));
  const names = own(whole).flatMap((both) => both.flatMap((one = {}) => Object.keys(one)));
  expect(new Set(names).size).toBe(32);
  const tags = [...scalarsIn(join(whole.runDir, 'tensorboard')).keys()];
  expect(tags.filter((tag) => tag.startsWith('env/'))).toHaveLength(32);
  expect(tags.filter((tag) => tag.startsWith('evaluation/env/')).length).toBeLessThanOrEqual(32);
});
