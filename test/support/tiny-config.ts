import type { Config, ConfigInput } from '../../src/agent/config/config.ts';
import { parseConfig } from '../../src/agent/config/parse-config.ts';

/** What the known answers are learned with: many environments and large steps. */
export function knownAnswerConfig(totalSteps: number, input: Partial<ConfigInput>): Config {
  return tinyConfig({
    ...input,
    env: { count: 32, ...input.env },
    policy: { width: 16, heads: 2, feedForward: 16 },
    ppo: {
      decisions: 256,
      minibatch: 128,
      learningRate: 1.5e-2,
      finalLearningRate: 2e-3,
      epochs: 4,
      entropy: 0.05,
      targetKl: 0.2,
    },
    evaluation: { everyUpdates: 1000, episodes: 100, forcedEpisodes: 0 },
    train: { totalSteps, seed: 1 },
  });
}

/** A config small enough to train within a second; `input` goes over it section by section. */
export function tinyConfig(input: Partial<ConfigInput> = {}): Config {
  return parseConfig({
    ...input,
    name: 'tiny',
    env: { id: 'KnownDiscrete-v0', count: 8, ...input.env },
    policy: { width: 8, heads: 2, feedForward: 8, ...input.policy },
    halting: { maxSteps: 3, ...input.halting },
    // Numbers as they are, so that a test can tell what comes of them.
    normalize: { obs: false, reward: false, ...input.normalize },
    recipe: { minUpdates: 0, maxWarmup: 0, ...input.recipe },
    ...((input.algorithm ?? 'ppo') === 'ppo' && {
      ppo: { decisions: 32, minibatch: 16, epochs: 1, ...input.ppo },
    }),
    evaluation: { everyUpdates: 4, episodes: 4, forcedEpisodes: 2, ...input.evaluation },
    checkpoint: { everyUpdates: 3, ...input.checkpoint },
    // Another thread would take longer to start than the training takes.
    watchdog: { threadSeconds: 0, ...input.watchdog },
    train: { totalSteps: 192, seed: 7, ...input.train },
    backend: 'simd',
    // On all cores, training would time them first.
    kernels: { threads: 1, ...input.kernels },
  });
}
