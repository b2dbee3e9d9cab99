import { expect, it } from 'vitest';
import { Box, Discrete, type Env } from '../../src/envs/index.ts';
import { run } from '../support/short-runs.ts';
import { tinyConfig } from '../support/tiny-config.ts';

/** A maze whose goal is not found: episodes of 20 steps that are worth nothing. */
function unrewarded(): Env<Float32Array, number> {
  let t = 0;
  const obs = () => Float32Array.of(t / 20, 1);
  return {
    observationSpace: new Box({ shape: [2], low: 0, high: 1 }),
    actionSpace: new Discrete(4),
    reset: () => {
      t = 0;
      return { obs: obs(), info: {} };
    },
    step: () => ({
      obs: obs(),
      reward: 0,
      terminated: false,
      truncated: ++t >= 20,
      info: {},
    }),
  };
}

it('while nothing is rewarded the price alone is no jump, where rewards are normalized', async () => {
  const config = tinyConfig({
    normalize: { reward: true },
    recipe: { minUpdates: 60, maxWarmup: 1, plateauUpdates: 1 },
    ppo: { decisions: 64, minibatch: 32, epochs: 2, learningRate: 1e-2 },
    price: { initial: 0.05 },
    // As it is by default.
    guards: { maxJump: 1000 },
    evaluation: { everyUpdates: 1000, forcedEpisodes: 0 },
    train: { totalSteps: 64 * 80 },
  });
  const { failure, incidents, events, metrics } = await run(config, { env: unrewarded });
  expect(failure).toBeUndefined();
  expect(incidents).toEqual([]);
  const released = events.find(({ type }) => type === 'released');
  expect(released).toBeDefined();
  // What it pays for thinking is all that it learns from, in the rewards' own unit.
  const { update } = released as Extract<(typeof events)[number], { type: 'released' }>;
  expect(metrics[update].valueLoss).toBeGreaterThan(0);
  expect(metrics[update].valueLoss).toBeLessThan(100);
}, 60_000);
