import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type BackendChoice, loadBackend } from '../../../src/kernels/index.ts';

const events = ['uncaughtException', 'unhandledRejection'] as const;
const listeners = () => events.map((event) => process.listeners(event as NodeJS.Signals));

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('loadBackend', () => {
  it('starts wasm and leaves no listener of its on the process, and those of others alone', async () => {
    const mine = () => {};
    process.on('uncaughtException', mine);
    const before = listeners();
    expect(await loadBackend('wasm')).toEqual({
      name: 'wasm',
      device: 'CPU, WebAssembly SIMD, 1 thread',
    });
    expect(listeners()).toEqual(before);
    process.off('uncaughtException', mine);
    expect(tf.getBackend()).toBe('wasm');
  });

  it('can be called again, and at once, and switches back and forth', async () => {
    const results = await Promise.all([loadBackend('wasm'), loadBackend('wasm')]);
    expect(results[0]).toEqual(results[1]);
    expect((await loadBackend('cpu')).name).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    const x = tf.tensor([1, 2]);
    await loadBackend('wasm');
    expect([...(await tf.square(x).data())]).toEqual([1, 4]);
  });

  it('auto is simd on one thread', async () => {
    expect(await loadBackend('auto')).toMatchObject({
      name: 'simd',
      device: expect.stringMatching(/SIMD, 1 thread$/),
    });
    expect(await loadBackend('auto', { threads: 'auto' })).toEqual(await loadBackend('simd'));
  });

  it('auto is wasm where simd does not start, and says why', async () => {
    // Stands for whatever keeps the kernels from starting.
    vi.stubEnv('PONDERA_SIMD', 'broken');
    expect(await loadBackend('auto')).toEqual({
      name: 'wasm',
      device: 'CPU, WebAssembly SIMD, 1 thread',
      warning: 'slower than simd: PONDERA_SIMD must be strict, relaxed or simd, got broken',
    });
    await expect(loadBackend('simd')).rejects.toThrow('PONDERA_SIMD must be');
  });

  it('auto with a build is simd or an error, since another backend would give other results', async () => {
    await expect(loadBackend('auto', { build: 'simd', arenaMiB: 0 })).rejects.toThrow(
      'kernels.arenaMiB must be',
    );
  });

  it('refuses a name it does not know', async () => {
    await expect(loadBackend('webgl' as BackendChoice)).rejects.toThrow(
      'must be auto, simd, wasm, cpu, tensorflow or webgpu, got webgl',
    );
  });
});
