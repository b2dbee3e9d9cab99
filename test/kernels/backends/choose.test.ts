import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadTensorflow, NotInstalledError } from '../../../src/kernels/backends/tensorflow.ts';
import { chooseBackend, loadBackend } from '../../../src/kernels/index.ts';
import { loadModule } from '../../../src/kernels/simd/runtime/module.ts';

const cores = vi.hoisted(() => ({ count: 2 }));
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => cores.count,
}));
vi.mock('../../../src/kernels/backends/tensorflow.ts', async (original) => ({
  ...(await original<typeof import('../../../src/kernels/backends/tensorflow.ts')>()),
  loadTensorflow: vi.fn(),
}));

const { build, code } = loadModule();
const simd = code === 'wide' ? '256-bit SIMD' : 'relaxed SIMD';
const one = `CPU, WebAssembly ${simd}, 1 thread`;
const two = `CPU, WebAssembly ${simd}, 2 threads`;
const gpu = { name: 'tensorflow', device: 'GPU, libtensorflow' } as const;
const threads = () => (tf.backend() as unknown as { pool: { threads: number } }).pool.threads;

/** Tells for each device how long its work takes, in ms. */
const taking = (ms: Record<string, number>) =>
  vi.fn(async () => ms[tf.getBackend() === 'simd' ? threads() : tf.getBackend()]);

beforeEach(() => {
  cores.count = 2;
  vi.mocked(loadTensorflow).mockRejectedValue(new NotInstalledError('absent'));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('chooseBackend', () => {
  it('takes the faster of one thread and all cores, and tells both times', async () => {
    const chosen = await chooseBackend('auto', { threads: 'auto' }, taking({ 1: 10, 2: 6 }));
    expect(chosen).toEqual({
      name: 'simd',
      device: two,
      build,
      threads: 2,
      timings: [
        { device: one, ms: 10 },
        { device: two, ms: 6 },
      ],
    });
    expect(threads()).toBe(2);
  });

  it('keeps to one thread unless more are clearly faster', async () => {
    const chosen = await chooseBackend('simd', {}, taking({ 1: 10, 2: 9.5 }));
    expect(chosen).toMatchObject({ device: one, threads: 1 });
    expect(threads()).toBe(1);
  });

  it('takes the fastest run, and has run cold code before', async () => {
    const calls: number[] = [];
    const work = async () => {
      calls.push(threads());
      return calls.filter((n) => n === threads()).length === 1 ? 100 : 4 + threads();
    };
    const { timings } = await chooseBackend('simd', { threads: 'auto' }, work);
    expect(timings.map(({ ms }) => ms)).toEqual([5, 6]);
    expect([calls[0], calls.at(-1)]).toEqual([1, 1]);
  });

  it('has at most eight threads to try', async () => {
    cores.count = 64;
    const { timings } = await chooseBackend('simd', { threads: 'auto' }, taking({ 1: 1, 8: 2 }));
    expect(timings[1].device).toMatch(/8 threads$/);
  });

  it.each([
    ['one core', 'auto', { threads: 'auto' }, 1],
    ['threads given', 'auto', { threads: 2 }, 2],
    ['threads given, simd', 'simd', { threads: 1 }, 2],
    ['cpu', 'cpu', { threads: 'auto' }, 2],
    ['wasm', 'wasm', { threads: 'auto' }, 2],
  ] as const)('times nothing where there is no choice: %s', async (_, choice, options, count) => {
    cores.count = count;
    const work = taking({});
    const { name, timings } = await chooseBackend(choice, options, work);
    expect(name).toBe(choice === 'auto' ? 'simd' : choice);
    expect(timings).toEqual([]);
    expect(work).not.toHaveBeenCalled();
  });

  describe('with tensorflow', () => {
    beforeEach(() => {
      tf.registerBackend('tensorflow', () => ({ dispose() {} }) as unknown as tf.KernelBackend);
      vi.mocked(loadTensorflow).mockImplementation(async () => {
        await tf.setBackend('tensorflow');
        return gpu;
      });
    });
    afterEach(async () => {
      await loadBackend('cpu');
      tf.removeBackend('tensorflow');
    });

    it('takes it where it is the fastest', async () => {
      const chosen = await chooseBackend('auto', {}, taking({ 1: 10, 2: 6, tensorflow: 1 }));
      expect(chosen).toEqual({
        ...gpu,
        timings: [
          { device: one, ms: 10 },
          { device: two, ms: 6 },
          { device: gpu.device, ms: 1 },
        ],
      });
      expect(tf.getBackend()).toBe('tensorflow');
    });

    it('leaves it where it is not', async () => {
      const work = taking({ 1: 10, tensorflow: 30 });
      const { device } = await chooseBackend('auto', { threads: 1 }, work);
      expect(device).toBe(one);
      expect(tf.getBackend()).toBe('simd');
    });

    it('has no part where simd or a build of it is asked for: its results are others', async () => {
      const work = taking({ 1: 10 });
      for (const [choice, build] of [['simd', 'auto'] as const, ['auto', 'simd'] as const]) {
        expect((await chooseBackend(choice, { build, threads: 1 }, work)).name).toBe('simd');
      }
      expect(work).not.toHaveBeenCalled();
    });
  });

  it('tells that tensorflow is there and broken, but not that it is absent', async () => {
    const options = { threads: 1 };
    expect(await chooseBackend('auto', options, taking({}))).not.toHaveProperty('warning');
    vi.mocked(loadTensorflow).mockRejectedValue(new Error('libcudart is missing'));
    const { name, warning } = await chooseBackend('auto', options, taking({}));
    expect([name, warning]).toEqual(['simd', 'libcudart is missing']);
    await expect(chooseBackend('tensorflow', {}, taking({}))).rejects.toThrow('libcudart');
  });

  it('falls back to wasm where simd does not start', async () => {
    vi.stubEnv('PONDERA_SIMD', 'broken');
    const work = taking({});
    const chosen = await chooseBackend('auto', { threads: 'auto' }, work);
    expect(chosen).toMatchObject({ name: 'wasm', warning: /slower than simd/, timings: [] });
    expect(work).not.toHaveBeenCalled();
  });
});
