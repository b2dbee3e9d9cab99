import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { type BackendChoice, loadBackend } from '../../src/kernels/index.ts';
import { loadTensorflow } from '../../src/kernels/tensorflow.ts';

const events = ['uncaughtException', 'unhandledRejection'] as const;
const listeners = () => events.map((event) => process.listeners(event as NodeJS.Signals));

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

  it('refuses a name it does not know', async () => {
    await expect(loadBackend('webgl' as BackendChoice)).rejects.toThrow(
      'must be auto, simd, wasm, cpu or tensorflow, got webgl',
    );
  });
});

describe('loadTensorflow', () => {
  afterEach(() => {
    if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
  });
  const failing = (message: string, code?: string) => async () => {
    throw Object.assign(new Error(message), code ? { code } : {});
  };
  const register = (backend: object) => async () => {
    tf.registerBackend('tensorflow', () => ({ ...backend, dispose() {} }) as tf.KernelBackend);
  };

  it.each([
    [
      'not installed',
      failing("Cannot find package '@tensorflow/tfjs-node-gpu'", 'ERR_MODULE_NOT_FOUND'),
    ],
    [
      'not installed',
      failing("Cannot find module '@tensorflow/tfjs-node-gpu'", 'MODULE_NOT_FOUND'),
    ],
    [
      'without its native addon',
      failing('The Node.js native addon module (tfjs_binding.node) can not be found at path: x'),
    ],
    ['does not start: libcudart', failing('libcudart.so.11.0: cannot open shared object file')],
    [
      "does not start: Cannot find module 'other'",
      failing("Cannot find module 'other'", 'MODULE_NOT_FOUND'),
    ],
    ['registered no backend', async () => {}],
  ])('says that the package is %s', async (reason, load) => {
    await expect(loadTensorflow(load)).rejects.toThrow(reason);
  });

  it('tells a GPU from the fallback to the CPU', async () => {
    expect(await loadTensorflow(register({ isUsingGpuDevice: false }))).toEqual({ gpu: false });
    tf.removeBackend('tensorflow');
    expect(await loadTensorflow(register({ isUsingGpuDevice: true }))).toEqual({ gpu: true });
  });

  it('gives node:util back what the package calls', async () => {
    const { default: util } = (await import('node:util')) as unknown as {
      default: { isNullOrUndefined(x: unknown): boolean; isArray(x: unknown): boolean };
    };
    await loadTensorflow(register({ isUsingGpuDevice: true }));
    expect([null, undefined, 0].map(util.isNullOrUndefined)).toEqual([true, true, false]);
    expect([[], 0].map(util.isArray)).toEqual([true, false]);
  });
});
