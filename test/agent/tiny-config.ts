import type { Config, ConfigInput } from '../../src/agent/config.ts';
import { parseConfig } from '../../src/agent/load-config.ts';

/** A config small enough to train within a second; `input` goes over it section by section. */
export function tinyConfig(input: Partial<ConfigInput> = {}): Config {
  return parseConfig({
    ...input,
    name: 'tiny',
    env: { id: 'KnownDiscrete-v0', count: 8, ...input.env },
    policy: { width: 8, heads: 2, feedForward: 8, ...input.policy },
    halting: { maxSteps: 3, ...input.halting },
    recipe: { minUpdates: 0, maxWarmup: 0, ...input.recipe },
    ppo: { decisions: 32, minibatch: 16, epochs: 1, ...input.ppo },
    evaluation: { everyUpdates: 4, episodes: 4, forcedEpisodes: 2, ...input.evaluation },
    checkpoint: { everyUpdates: 3, ...input.checkpoint },
    train: { totalSteps: 192, seed: 7, ...input.train },
    backend: 'simd',
    // On all cores, training would time them first.
    kernels: { threads: 1, ...input.kernels },
  });
}
