import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, CheckpointError, CheckpointStore } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** The bytes of a file with one bit of one in every `stride` flipped, one at a time. */
function* flipped(bytes: Uint8Array, stride: number) {
  for (let at = 0; at < bytes.length; at += stride) {
    const copy = Uint8Array.from(bytes);
    // Each bit of a byte has its turn.
    copy[at] ^= 1 << ((at / stride) % 8);
    yield { at, copy };
  }
}

describe('one flipped bit', () => {
  it('anywhere in the checkpoint of a run is found, and the one before taken', async () => {
    const runDir = tempDir();
    await train(tinyConfig({ evaluation: { everyUpdates: 100, episodes: 4 } }), { runDir });
    const store = new CheckpointStore(join(runDir, 'checkpoints'));
    const [before, newest] = (await store.list()).slice(-2);
    const whole: Checkpoint = await store.load(before.dir);
    let flips = 0;
    for (const name of readdirSync(newest.dir)) {
      const path = join(newest.dir, name);
      const bytes = readFileSync(path);
      // In a short file nearly every byte has a meaning of its own.
      for (const { at, copy } of flipped(bytes, name === 'manifest.json' ? 1 : 1000)) {
        writeFileSync(path, copy);
        const loaded = store.load('latest');
        await expect(loaded, `${name}, byte ${at}`).rejects.toThrow(CheckpointError);
        await expect(loaded, `${name}, byte ${at}`).rejects.toThrow(path);
        flips++;
      }
      const apart = join(tempDir(), 'checkpoints');
      cpSync(store.dir, apart, { recursive: true });
      const { checkpoint, damaged } = await new CheckpointStore(apart).recover();
      expect(checkpoint).toEqual(whole);
      expect(damaged).toHaveLength(1);
      expect(damaged[0].message).toContain(name);
      writeFileSync(path, bytes);
    }
    expect(flips).toBeGreaterThan(500);
    expect((await store.load('latest')).step).toBe(newest.step);
  });

  it('in the pointer to the best never leads to another checkpoint', async () => {
    const store = new CheckpointStore(join(tempDir(), 'checkpoints'));
    const checkpoint = (step: number) => ({ step, weights: {}, optimizer: {}, state: {} });
    // All those that differ from 5 by a bit of its digit.
    for (const step of [1, 4, 5, 7]) await store.save(checkpoint(step));
    await store.markBest(5);
    const path = join(store.dir, 'best.json');
    const bytes = readFileSync(path);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const copy = Uint8Array.from(bytes);
      copy[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(path, copy);
      await expect(store.best(), `bit ${bit}`).rejects.toThrow(`${path} is`);
    }
    await store.settleBest(5);
    expect(await store.best()).toBe(join(store.dir, 'step-5'));
  });
});
