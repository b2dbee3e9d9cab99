import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/agent/config.ts';
import { train } from '../../src/agent/train.ts';
import { tempDir } from './run/temp-dir.ts';
import { tinyConfig } from './tiny-config.ts';

/** Trains on an environment whose optimal return is known, and evaluates the best checkpoint. */
async function learn(id: string, totalSteps: number, input: Partial<ConfigInput>) {
  const config = tinyConfig({
    ...input,
    env: { id, count: 32 },
    policy: { width: 16, heads: 2, feedForward: 16 },
    ppo: { decisions: 256, minibatch: 64, epochs: 4, learningRate: 1e-2, ...input.ppo },
    evaluation: { everyUpdates: 8, episodes: 100, forcedEpisodes: 0 },
    train: { totalSteps, seed: 1 },
  });
  const { evaluation } = await train(config, { runDir: tempDir() });
  return evaluation!;
}

describe('one ponder step learns what is known', () => {
  it.each([
    ['KnownDiscrete-v0', 3000, 0.97],
    ['KnownMultiDiscrete-v0', 6000, 0.97],
    ['KnownMultiBinary-v0', 6000, 0.97],
    ['KnownMask-v0', 3000, 0.97],
    ['KnownDict-v0', 4000, 0.97],
    ['KnownDelay-v0', 6000, 0.97],
    // Where always answering the centre gives −2/3.
    ['KnownBox-v0', 8000, -0.05],
  ])('%s', async (id, totalSteps, expected) => {
    const halting = { rule: 'fixed', maxSteps: 1 } as const;
    const { return: found, ponderSteps } = await learn(id, totalSteps, { halting });
    expect(found.mean).toBeGreaterThan(expected);
    expect(ponderSteps).toEqual({ mean: 1, p50: 1, p95: 1, max: 1 });
  });
});

describe('the whole recipe learns it, and that thinking longer is of no use', () => {
  it.each([
    ['KnownDiscrete-v0', 8000],
    ['KnownMask-v0', 8000],
    ['KnownDelay-v0', 10000],
  ])('%s', async (id, totalSteps) => {
    const {
      return: found,
      netReturn,
      ponderSteps,
    } = await learn(id, totalSteps, {
      halting: { maxSteps: 3 },
      price: { initial: 0.05 },
      recipe: { releaseReturn: 0.9, minUpdates: 1, maxWarmup: 0.5 },
    });
    expect(found.mean).toBeGreaterThan(0.97);
    expect(netReturn.mean).toBeGreaterThan(0.9);
    expect(ponderSteps.mean).toBeLessThan(1.3);
  });
});
