import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadWebgpu } from '../../../src/kernels/backends/webgpu.ts';
import { loadBackend } from '../../../src/kernels/index.ts';

const install = `npm install webgpu @tensorflow/tfjs-backend-webgpu@${tf.version_core}`;
const notFound = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });

/** An import that finds these packages only. */
const packages =
  (found: Record<string, () => unknown>) =>
  async (name: string): Promise<unknown> => {
    if (!found[name]) throw notFound(name);
    return found[name]();
  };
const gpu = (adapter: object | null) => ({ requestAdapter: async () => adapter });
const dawn = (adapter: object | null) => () => ({
  globals: { GPUStandIn: 1 },
  create: () => gpu(adapter),
});
const adapter = { info: { description: 'llvmpipe' } };
/** Registers a backend only where it finds WebGPU, as tfjs's does. */
const backend = () => {
  const { navigator } = globalThis as { navigator?: { gpu?: unknown } };
  if (navigator?.gpu) {
    tf.registerBackend('webgpu', () => ({ dispose() {} }) as unknown as tf.KernelBackend);
  }
};
const NAME = '@tensorflow/tfjs-backend-webgpu';

describe('loadWebgpu', () => {
  // As in Node 20; later versions have a navigator without gpu.
  beforeEach(() => {
    vi.stubGlobal('navigator', undefined);
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await loadBackend('cpu');
    if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  });

  it('says what to install where Node.js has no WebGPU', async () => {
    await expect(loadWebgpu(packages({ [NAME]: backend }))).rejects.toThrow(
      `backend webgpu: the package webgpu is not installed; it needs \`${install}\``,
    );
  });

  it('says what to install where tfjs lacks the backend', async () => {
    await expect(loadWebgpu(packages({ webgpu: dawn(adapter) }))).rejects.toThrow(
      `backend webgpu: the package ${NAME} is not installed; it needs \`${install}\``,
    );
  });

  it('hands on why a package does not load', async () => {
    const broken = packages({
      webgpu: () => {
        throw new Error('libvulkan.so.1 missing');
      },
    });
    await expect(loadWebgpu(broken)).rejects.toThrow(
      'the package webgpu does not load: libvulkan.so.1 missing',
    );
  });

  it('says that there is no adapter', async () => {
    const found = packages({ webgpu: dawn(null), [NAME]: backend });
    await expect(loadWebgpu(found)).rejects.toThrow('WebGPU finds no adapter; it needs a GPU');
  });

  it('says so where the backend does not start', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const failing = () =>
      tf.registerBackend('webgpu', async () => {
        throw new Error('no device');
      });
    const found = packages({ webgpu: dawn(adapter), [NAME]: failing });
    await expect(loadWebgpu(found)).rejects.toThrow('loaded but does not start');
    vi.restoreAllMocks();
  });

  it('puts Dawn where tfjs looks for WebGPU, before it looks', async () => {
    const found = packages({ webgpu: dawn(adapter), [NAME]: backend });
    expect(await loadWebgpu(found)).toEqual({ name: 'webgpu', device: 'WebGPU, llvmpipe' });
    expect(tf.getBackend()).toBe('webgpu');
    expect(globalThis).toHaveProperty('GPUStandIn', 1);
  });

  it('takes the WebGPU that is there', async () => {
    vi.stubGlobal('navigator', { gpu: gpu({ info: { vendor: 'amd' } }) });
    expect(await loadWebgpu(packages({ [NAME]: backend }))).toEqual({
      name: 'webgpu',
      device: 'WebGPU, amd',
    });
  });
});
