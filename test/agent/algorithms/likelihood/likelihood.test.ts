import { describe, expect, it } from 'vitest';
import { Agent } from '../../../../src/agent/agent/agent.ts';
import type { Config, ConfigInput } from '../../../../src/agent/config/config.ts';
import { evaluate } from '../../../../src/agent/evaluate/evaluate.ts';
import { train } from '../../../../src/agent/train/train.ts';
import type { EnvFactory, Info } from '../../../../src/envs/index.ts';
import { learned, run } from '../../../support/short-runs.ts';
import sumEnv, { N } from '../../../support/sum-env.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

const likelihoodConfig = ({ likelihood, ...input }: Partial<ConfigInput> = {}): Config =>
  tinyConfig({
    ...input,
    algorithm: 'likelihood',
    env: { id: 'Sum', ...input.env },
    memory: { length: 4, ...input.memory },
    likelihood: { decisions: 64, minibatch: 32, ...likelihood },
  });

const env: EnvFactory = () => sumEnv();
const silent: EnvFactory = () => sumEnv({ spoil: ({ demonstration: _, ...info }: Info) => info });

describe('on demonstrations', () => {
  const config = likelihoodConfig({
    ...{ policy: { width: 16, heads: 2, feedForward: 32 }, env: { count: 32 } },
    likelihood: { decisions: 256, minibatch: 128, learningRate: 1e-2 },
    evaluation: { everyUpdates: 1000, episodes: 100, forcedEpisodes: 50 },
    recipe: { maxWarmup: 0.5 },
    train: { totalSteps: 25_000, seed: 1 },
  });

  it('the sum of two digits is learned, and no return of the demonstrations counts as the policy’s', async () => {
    const { events, failure, metrics } = await run(config, { env });
    expect(failure).toBeUndefined();
    const { evaluation } = events.find((event) => event.type === 'finished')!;
    expect(evaluation!.successRate).toBeGreaterThan(0.98);
    expect(evaluation!.nats).toBeLessThan(0.05);
    expect(metrics[0].nats).toBeCloseTo(Math.log(N), 0);
    expect(metrics.at(-1)!.nats).toBeLessThan(0.05);
    expect(metrics.map((update) => update.return).filter((found) => found !== null)).toEqual([]);
    // A released head has no reason to think for longer than it must.
    expect(metrics[0].phase).toBe('warmup');
    expect(metrics[0].ponderSteps.mean).toBe(3);
    expect(metrics.at(-1)!.phase).toBe('released');
    expect(evaluation!.ponderSteps.mean).toBeLessThan(2.5);
    expect(events.filter(({ type }) => type === 'alarm')).toEqual([]);
  });
});

it('an environment that demonstrates nothing is told so', async () => {
  const { failure } = await run(likelihoodConfig(), { env: silent });
  expect(String(failure)).toContain(
    'environment 0: expected info.demonstration beside each observation, from which the algorithm learns, got none',
  );
});

it('the same seed learns the same, and an interrupted run ends like one in one go', async () => {
  const config = likelihoodConfig({ recipe: { maxWarmup: 0.4 } });
  const whole = await run(config, { env });
  expect(whole.failure).toBeUndefined();
  expect(learned(await run(config, { env }))).toEqual(learned(whole));
  const stop = new AbortController();
  const { runDir } = await run(config, {
    env,
    signal: stop.signal,
    on: (event) => {
      if (event.type === 'updated' && event.metrics.update === 2) stop.abort();
    },
  });
  expect(learned(await run(config, { env, runDir, resume: true }))).toEqual(learned(whole));
});

it('an evaluation says how likely demonstrated actions were, at the depth taken and at each forced one', async () => {
  const runDir = tempDir();
  await train(likelihoodConfig({ likelihood: { learningRate: 1e-6, finalLearningRate: 0 } }), {
    ...{ runDir, env },
  });
  const agent = await Agent.load(runDir, { env });
  try {
    const found = await evaluate(agent, { env, episodes: 20, forcedEpisodes: 20 });
    // By hand: −ln π(demonstration) of each decision of an episode played by the most likely actions.
    expect(found.nats).toBeGreaterThan(0);
    expect(found.forcedDepth.map(({ nats }) => typeof nats)).toEqual([
      'number',
      'number',
      'number',
    ]);
    const { nats: _, ...none } = await evaluate(agent, {
      env: silent,
      episodes: 20,
      forcedEpisodes: 0,
    });
    expect('nats' in none).toBe(false);
  } finally {
    agent.dispose();
  }
});
