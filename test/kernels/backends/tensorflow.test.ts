import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  loadTensorflow,
  NotInstalledError,
  start,
} from '../../../src/kernels/backends/tensorflow.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { type Build, buildFolder, buildIn } from '../../../src/kernels/tensorflow/build.ts';
import { tempDir } from '../../support/temp-dir.ts';

afterEach(async () => {
  await loadBackend('cpu');
  if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
});

const failing = (message: string, code?: string) => async () => {
  throw Object.assign(new Error(message), code ? { code } : {});
};
/** The package as far as the loader sees it: importing it registers the backend. */
const registering = (backend: object, build?: Build) => async () => {
  tf.registerBackend('tensorflow', () => ({ ...backend, dispose() {} }) as tf.KernelBackend);
  return build;
};
const nothing = async () => undefined;
const installed =
  buildIn(buildFolder()) !== undefined ||
  (await import('@tensorflow/tfjs-node-gpu' as string).then(
    () => true,
    () => false,
  ));

describe('loadTensorflow', () => {
  it.skipIf(installed)('says that the package is not installed, as it is here', async () => {
    const loading = loadTensorflow();
    await expect(loading).rejects.toThrow(NotInstalledError);
    await expect(loading).rejects.toThrow(
      'backend tensorflow: TensorFlow is not installed; run `pondera tensorflow install` (Linux x64), or `npm install @tensorflow/tfjs-node-gpu`',
    );
  });

  it.each([
    ['ERR_MODULE_NOT_FOUND', "Cannot find package '@tensorflow/tfjs-node-gpu' imported from x.js"],
    ['MODULE_NOT_FOUND', "Cannot find module '@tensorflow/tfjs-node-gpu'\nRequire stack: …"],
  ])('not installed: %s', async (code, message) => {
    const loading = loadTensorflow(failing(message, code));
    await expect(loading).rejects.toThrow(NotInstalledError);
    await expect(loading).rejects.toThrow('TensorFlow is not installed; run');
  });

  it('install script not run: says that the addon is missing, and how to get it', async () => {
    const path = '/x/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node';
    // The package's own words.
    const message = `The Node.js native addon module (tfjs_binding.node) can not be found at path: ${path}. \nPlease run command 'npm rebuild @tensorflow/tfjs-node-gpu --build-addon-from-source'`;
    const loading = loadTensorflow(failing(message));
    await expect(loading).rejects.toThrow(NotInstalledError);
    await expect(loading).rejects.toThrow(
      /without its native addon; run `pondera tensorflow install`.* or `npm rebuild @tensorflow\/tfjs-node-gpu`/,
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
    expect(error).not.toBeInstanceOf(NotInstalledError);
    expect(error.message).toBe(
      `backend tensorflow: @tensorflow/tfjs-node-gpu does not start: ${message}`,
    );
  });

  it('broken: says so where it throws something that is no error', async () => {
    await expect(loadTensorflow(() => Promise.reject('no'))).rejects.toThrow('does not start: no');
  });

  it('another copy of tfjs-core: says that versions must be one', async () => {
    await expect(loadTensorflow(nothing)).rejects.toThrow(
      `registered no backend with this copy of @tensorflow/tfjs-core; all @tensorflow packages must have version ${tf.version_core}`,
    );
  });

  it('a backend that fails as it starts', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const load = async () => {
      tf.registerBackend('tensorflow', () => {
        throw new Error('no device');
      });
      return undefined;
    };
    await expect(loadTensorflow(load)).rejects.toThrow('loaded but its backend does not start');
    vi.restoreAllMocks();
  });

  const cpu = (version?: string) => ({
    isUsingGpuDevice: false,
    ...(version && { binding: { TF_Version: version } }),
  });
  const build = (variant: Build['variant']) => ({
    ...{ variant, tensorflow: '2.21.0', tfjs: '4.22.0', files: {} },
  });

  it.each([
    ['npm’s library', '2.9.1', undefined, ' (it wants CUDA 11.2 and cuDNN 8.1)'],
    ['ours', '2.21.0', build('cuda'), ' (it wants an NVIDIA GPU with a driver for CUDA 12)'],
    ['another', '2.16.2', undefined, ''],
  ])('no GPU, though it could use one: says what %s wants', async (_, version, of, wants) => {
    expect(await loadTensorflow(registering(cpu(version), of))).toEqual({
      name: 'tensorflow',
      device: `CPU, TensorFlow ${version}`,
      warning: `TensorFlow ${version} found no usable GPU${wants} and runs on the CPU`,
    });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('no GPU, and built for CPUs: nothing to warn of', async () => {
    expect(await loadTensorflow(registering(cpu('2.21.0'), build('cpu')))).toEqual({
      name: 'tensorflow',
      device: 'CPU, TensorFlow 2.21.0',
    });
  });

  it.each([
    ['cpu', 'install'],
    ['cuda', 'install --cuda'],
  ] as const)(
    'a %s build that cannot be loaded: names it, why, and the cure',
    async (variant, cure) => {
      const folder = tempDir();
      const files = { 'lib/tfjs_binding.node': 'no addon', 'package.json': '{}' };
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      const sizes = Object.fromEntries(
        Object.entries(files).map(([path, { length }]) => [path, length]),
      );
      writeFileSync(
        join(folder, 'build.json'),
        JSON.stringify({ ...build(variant), files: sizes }),
      );
      const error = await loadTensorflow(() => start(folder)).catch((error) => error);
      expect(error).not.toBeInstanceOf(NotInstalledError);
      expect(error.message).toMatch(`backend tensorflow: the build in ${folder} does not start: `);
      expect(error.message).toMatch(new RegExp(`; \`pondera tensorflow ${cure}\` repairs it$`));
    },
  );

  it('a GPU: without one', async () => {
    const gpu = { isUsingGpuDevice: true, binding: { TF_Version: '2.21.0' } };
    expect(await loadTensorflow(registering(gpu, build('cuda')))).toEqual({
      name: 'tensorflow',
      device: 'GPU, TensorFlow 2.21.0',
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
        return registering({ isUsingGpuDevice: true })();
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
