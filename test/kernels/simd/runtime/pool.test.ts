import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { laneSum } from '../../../../src/kernels/simd/kernels/lane-sum.ts';
import { matMul } from '../../../../src/kernels/simd/kernels/mat-mul.ts';
import { rmsNorm } from '../../../../src/kernels/simd/kernels/rms-norm.ts';
import { Arena } from '../../../../src/kernels/simd/runtime/arena.ts';
import { loadModule } from '../../../../src/kernels/simd/runtime/module.ts';
import { startWorker } from '../../../../src/kernels/simd/runtime/node-worker.ts';
import { Pool, type PoolOptions } from '../../../../src/kernels/simd/runtime/pool.ts';
import { built } from '../../../support/built.ts';
import { normal } from '../../../support/numeric.ts';

const { module } = loadModule({ build: 'simd' });
/** As if every job were much work, so that it is shared. */
const shared = <K extends object>(kernel: K): K => ({ ...kernel, work: () => 1e9 });
const product = shared(matMul);
const norm = shared(rmsNorm);

async function start(options: Partial<PoolOptions> = {}) {
  const arena = new Arena(32);
  const pool = await Pool.start({ module, arena, threads: 2, startWorker, ...options });
  onTestFinished(() => pool.close());
  const put = (values: Float32Array) => {
    const address = arena.allocate(values.byteLength);
    new Float32Array(arena.memory.buffer, address, values.length).set(values);
    return address;
  };
  /** A product of matrices, and the norm of its rows. */
  const compute = ([m, k, n]: number[]) => {
    const [a, b] = [put(normal('a', m, k).values), put(normal('b', k, n).values)];
    const gain = put(normal('gain', n).values);
    const [c, r, y] = [m * n, m, m * n].map((size) => put(new Float32Array(size)));
    for (let i = 0; i < 20; i++) {
      pool.run(product, {
        ...{ y: c, a, b, M: m, K: k, N: n, transA: false, transB: false },
        ...{ accumulate: false, relu: false },
      });
      pool.run(norm, { y, r, x: c, gain, rows: m, D: n, eps: 1e-6 });
    }
    const bytes = new Uint8Array(arena.memory.buffer, y, 4 * m * n).slice();
    for (const address of [a, b, gain, c, r, y]) arena.free(address);
    return bytes;
  };
  return { arena, pool, compute };
}

const sizes = [
  [1, 1, 4],
  [3, 5, 8],
  [64, 48, 16],
  [517, 33, 68],
];

describe('Pool', () => {
  it('gives the same bytes with 1, 2 and 3 threads', async () => {
    const [one, two, three] = await Promise.all([1, 2, 3].map((threads) => start({ threads })));
    expect([one, two, three].map(({ pool }) => pool.threads)).toEqual([1, 2, 3]);
    for (const size of sizes) {
      const expected = one.compute(size);
      expect(expected.some((byte) => byte !== 0)).toBe(true);
      expect(two.compute(size)).toEqual(expected);
      expect(three.compute(size)).toEqual(expected);
    }
  });

  it('does the part of a worker that sleeps on', async () => {
    const asleep = await start({
      source: `
        require('node:worker_threads').parentPort.postMessage('ready');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
    });
    expect(asleep.pool.threads).toBe(2);
    const one = await start({ threads: 1, startWorker });
    for (const size of sizes) expect(asleep.compute(size)).toEqual(one.compute(size));
  });

  it.each([
    ['throws', 'throw new Error("no luck")', 'no luck'],
    ['exits', 'process.exit(3)', 'exited with code 3'],
    ['is no program', 'const', 'Unexpected end of input'],
  ])('has one thread and a warning where a worker %s at its start', async (_, source, reason) => {
    const { pool, compute } = await start({ source });
    expect(pool.threads).toBe(1);
    expect(pool.warning).toMatch('kernels run on one thread: a worker failed');
    expect(pool.warning).toMatch(reason);
    expect(compute([3, 5, 7]).length).toBe(84);
  });

  it('goes on with one thread, and warns, when a worker dies later', async () => {
    const warned = once(process, 'warning');
    const { pool, compute } = await start({
      source: `
        const { parentPort, workerData } = require('node:worker_threads');
        const { layout, memory, controlAddress } = workerData;
        const control = new Int32Array(memory.buffer, controlAddress);
        const first = Atomics.load(control, layout.job);
        parentPort.postMessage('ready');
        while (Atomics.load(control, layout.job) === first) Atomics.wait(control, layout.job, first, 5);
        throw new Error('gone');`,
    });
    expect(pool.threads).toBe(2);
    expect(compute([3, 5, 7]).length).toBe(84);
    const [warning] = await warned;
    expect(warning.message).toBe('kernels run on one thread: a worker failed (gone)');
    expect(pool.threads).toBe(1);
    expect(compute([3, 5, 7]).length).toBe(84);
  });

  it('fails when a worker fails within a kernel', async () => {
    const { pool, compute } = await start({
      source: `
        const { parentPort, workerData } = require('node:worker_threads');
        const { layout, memory, controlAddress } = workerData;
        const control = new Int32Array(memory.buffer, controlAddress);
        const line = layout.threads + layout.perThread;
        parentPort.postMessage('ready');
        for (let job = 0; job === 0; job = Atomics.exchange(control, line + layout.offered, 0));
        Atomics.store(control, line + layout.done, -1);`,
    });
    const warned = once(process, 'warning');
    expect(() => {
      for (;;) compute([64, 48, 16]);
    }).toThrow(/kernels: thread 1 failed in (matMul|rmsNorm)_/);
    await warned;
    expect(pool.threads).toBe(1);
  });

  it('gives its memory back when closed, and runs no more', async () => {
    const { arena, pool } = await start();
    expect(arena.statistics.used).toBeGreaterThan(2 ** 21);
    await pool.close();
    await pool.close();
    expect(arena.statistics.used).toBe(0);
    expect(() => pool.run(laneSum, { y: 0, lanes: 0, n: 0, accumulate: false })).toThrow('closed');
  });

  it.each([0, 1.5, 65])('refuses %d threads', async (threads) => {
    await expect(start({ threads })).rejects.toThrow('kernels.threads must be a whole number in');
  });

  it('lets the process end, workers asleep or awake', async () => {
    const program = `
      import * as tf from '@tensorflow/tfjs-core';
      import { loadBackend } from ${JSON.stringify(built('src/kernels/index.ts'))};
      await loadBackend('simd', { threads: 2 });
      console.log(tf.matMul(tf.ones([256, 64]), tf.ones([64, 64])).dataSync()[5]);`;
    const node = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, node);
    expect(stdout.trim()).toBe('64');
  });
});
