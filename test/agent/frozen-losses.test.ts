import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TrainEvent } from '../../src/agent/events/events.ts';
import { train } from '../../src/agent/train/train.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';

const golden = join(import.meta.dirname, '../golden/losses.json');

/**
 * Every bit of a short training run on the strict builds: whatever changes a rounding shows here. Where that
 * is meant, `npx vitest run test/agent/frozen-losses.test.ts -u` writes what is now.
 */
it.each([
  ['simd', 1],
  ['simd', 2],
  ['strict', 2],
] as const)(
  'the losses of a short run are what they were, %s on %i thread(s)',
  async (build, threads) => {
    const lines: string[] = [];
    const on = (event: TrainEvent) => {
      if (event.type !== 'updated') return;
      const { timing: _, evaluation: __, ...rest } = event.metrics;
      lines.push(JSON.stringify(rest));
    };
    const config = tinyConfig({
      env: { id: 'KnownDelay-v0', count: 5 },
      policy: { width: 16, heads: 2, feedForward: 24, registers: 1 },
      // Warm-up, release, forced depths and a steered price, all within the run.
      recipe: { minUpdates: 3, maxWarmup: 0.4, distillation: 0.1 },
      price: { initial: 0.02, targetSteps: 1.5 },
      ppo: { learningRate: 3e-3, finalLearningRate: 3e-4, entropy: 0.01, targetKl: 0.2 },
      train: { totalSteps: 320, seed: 11 },
      kernels: { build, threads },
    });
    await train(config, { runDir: tempDir(), on });
    expect(lines.length).toBeGreaterThan(8);
    await expect(`[\n${lines.join(',\n')}\n]\n`).toMatchFileSnapshot(golden);
  },
);
