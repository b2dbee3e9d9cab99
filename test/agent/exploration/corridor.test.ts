import { describe, expect, it } from 'vitest';
import { corridor } from '../../support/corridor-env.ts';
import { learned, run } from '../../support/short-runs.ts';
import { knownAnswerConfig, tinyConfig } from '../../support/tiny-config.ts';

const ROOMS = 16;

/** Trains on a corridor whose end nobody meets by chance. */
async function learn(novelty: number) {
  const { ppo, ...base } = knownAnswerConfig(12_000, {
    env: { count: 16 },
    halting: { rule: 'fixed', maxSteps: 1 },
    normalize: { reward: true },
  });
  const config = { ...base, ppo: { ...ppo!, novelty } };
  const { metrics, failure } = await run(config, { env: () => corridor(ROOMS) });
  expect(failure).toBeUndefined();
  return metrics;
}

describe('where only the end is rewarded', () => {
  it('ppo finds it by what is new, and then learns from rewards alone', async () => {
    const metrics = await learn(1);
    const { return: reward, novelty } = metrics.at(-1)!;
    expect(metrics[0].novelty).toBeGreaterThan(0);
    expect(reward).toBeGreaterThan(0.95);
    expect(novelty).toBe(0);
  }, 240_000);

  it('ppo does not find it without', async () => {
    const metrics = await learn(0);
    expect(metrics.every(({ return: reward }) => (reward ?? 0) === 0)).toBe(true);
    expect(metrics.every(({ novelty }) => novelty === 0)).toBe(true);
  }, 240_000);
});

it.each(['ppo', 'pqn'])(
  '%s goes on exactly where it was stopped while it explores',
  async (algorithm) => {
    const config = tinyConfig({
      algorithm,
      train: { totalSteps: algorithm === 'ppo' ? 192 : 2048 },
    });
    const env = () => corridor(ROOMS);
    const whole = await run(config, { env });
    expect(whole.metrics.at(-1)!.novelty).toBeGreaterThan(0);
    const stop = new AbortController();
    const options = { env, signal: stop.signal };
    const part = await run(config, {
      ...options,
      on: ({ type }) => type === 'updated' && stop.abort(),
    });
    expect(part.metrics).toHaveLength(1);
    const rest = await run(config, { env, runDir: part.runDir, resume: true });
    expect(rest.failure).toBeUndefined();
    expect(learned(rest)).toEqual(learned(whole));
  },
  240_000,
);
