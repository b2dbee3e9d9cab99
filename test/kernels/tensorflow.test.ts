import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadBackend } from '../../src/kernels/index.ts';
import { loadTensorflow, NotInstalled } from '../../src/kernels/tensorflow.ts';

afterEach(async () => {
  await loadBackend('cpu');
  if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
});

const failing = (message: string, code?: string) => async () => {
  throw Object.assign(new Error(message), code ? { code } : {});
};
/** The package as far as the loader sees it: importing it registers the backend. */
const registering = (backend: object) => async () => {
  tf.registerBackend('tensorflow', () => ({ ...backend, dispose() {} }) as tf.KernelBackend);
};
const installed = await import('@tensorflow/tfjs-node-gpu' as string).then(
  () => true,
  () => false,
);

describe('loadTensorflow', () => {
  it.skipIf(installed)('says that the package is not installed, as it is here', async () => {
    const loading = loadTensorflow();
    await expect(loading).rejects.toThrow(NotInstalled);
    await expect(loading).rejects.toThrow(
      'backend tensorflow: the optional package @tensorflow/tfjs-node-gpu is not installed',
    );
  });

  it.each([
    ['ERR_MODULE_NOT_FOUND', "Cannot find package '@tensorflow/tfjs-node-gpu' imported from x.js"],
    ['MODULE_NOT_FOUND', "Cannot find module '@tensorflow/tfjs-node-gpu'\nRequire stack: …"],
  ])('not installed: %s', async (code, message) => {
    const loading = loadTensorflow(failing(message, code));
    await expect(loading).rejects.toThrow(NotInstalled);
    await expect(loading).rejects.toThrow('is not installed (its install downloads libtensorflow');
  });

  it('install script not run: says that the addon is missing, and how to get it', async () => {
    const path = '/x/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node';
    // The package's own words.
    const message = `The Node.js native addon module (tfjs_binding.node) can not be found at path: ${path}. \nPlease run command 'npm rebuild @tensorflow/tfjs-node-gpu --build-addon-from-source'`;
    const loading = loadTensorflow(failing(message));
    await expect(loading).rejects.toThrow(NotInstalled);
    await expect(loading).rejects.toThrow(
      /without its native addon; run `npm rebuild @tensorflow\/tfjs-node-gpu`/,
    );
  });

  it.each([
    [
      'libtensorflow.so.2: cannot open shared object file: No such file or directory',
      'ERR_DLOPEN_FAILED',
    ],
    ["Cannot find module '@mapbox/node-pre-gyp'", 'MODULE_NOT_FOUND'],
    ["Cannot find module '@tensorflow/tfjs-node-gpu/dist/index.js'", 'MODULE_NOT_FOUND'],
    ['Could not initialize TensorFlow backend.', undefined],
  ])('broken: hands on %s', async (message, code) => {
    const error = await loadTensorflow(failing(message, code)).catch((error) => error);
    expect(error).not.toBeInstanceOf(NotInstalled);
    expect(error.message).toBe(
      `backend tensorflow: @tensorflow/tfjs-node-gpu does not start: ${message}`,
    );
  });

  it('broken: says so where it throws something that is no error', async () => {
    await expect(loadTensorflow(() => Promise.reject('no'))).rejects.toThrow('does not start: no');
  });

  it('another copy of tfjs-core: says that versions must be one', async () => {
    await expect(loadTensorflow(async () => {})).rejects.toThrow(
      `registered no backend with this copy of @tensorflow/tfjs-core; all @tensorflow packages must have version ${tf.version_core}`,
    );
  });

  it('a backend that fails as it starts', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const load = async () => {
      tf.registerBackend('tensorflow', () => {
        throw new Error('no device');
      });
    };
    await expect(loadTensorflow(load)).rejects.toThrow('loaded but its backend does not start');
    vi.restoreAllMocks();
  });

  it('no CUDA: runs on the CPU, with a warning', async () => {
    expect(await loadTensorflow(registering({ isUsingGpuDevice: false }))).toEqual({
      name: 'tensorflow',
      device: 'CPU, libtensorflow',
      warning:
        'TensorFlow found no usable GPU (it wants CUDA 11.2 and cuDNN 8.1) and runs on the CPU',
    });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('a GPU: without one', async () => {
    expect(await loadTensorflow(registering({ isUsingGpuDevice: true }))).toEqual({
      name: 'tensorflow',
      device: 'GPU, libtensorflow',
    });
  });

  it('Node ≥ 23: gives node:util back what the package calls, before it is imported', async () => {
    const old = util as unknown as Record<string, ((x: unknown) => boolean) | undefined>;
    const { isNullOrUndefined, isArray } = old;
    old.isNullOrUndefined = old.isArray = undefined;
    try {
      const found: unknown[] = [];
      await loadTensorflow(async () => {
        found.push([null, undefined, 0].map(old.isNullOrUndefined!));
        found.push([[], 0].map(old.isArray!));
        await registering({ isUsingGpuDevice: true })();
      });
      expect(found).toEqual([
        [true, true, false],
        [true, false],
      ]);
    } finally {
      Object.assign(old, { isNullOrUndefined, isArray });
    }
  });
});
