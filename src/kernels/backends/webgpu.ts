import * as tf from '@tensorflow/tfjs-core';
import type { BackendInfo } from './backend-info.ts';

const backendPackage = '@tensorflow/tfjs-backend-webgpu';
/** Dawn, the WebGPU of Chromium, for Node.js. */
const implementation = 'webgpu';

interface Gpu {
  requestAdapter(): Promise<{ info?: { description?: string; vendor?: string } } | null>;
}

type Import = (name: string) => Promise<unknown>;

/**
 * Makes tfjs's `webgpu` the current backend. The user installs its package, and the package `webgpu` too, unless
 * Node.js has a WebGPU of its own (`navigator.gpu`).
 *
 * @param load imports a package
 * @throws Error that names the missing part: a package, or a GPU with a driver
 */
export async function loadWebgpu(load: Import = (name) => import(name)): Promise<BackendInfo> {
  const gpu = currentGpu() ?? (await provideGpu(load));
  const adapter = await gpu.requestAdapter();
  if (!adapter) {
    throw new Error(
      'backend webgpu: WebGPU finds no adapter; it needs a GPU with a driver for Vulkan, Metal or Direct3D 12',
    );
  }
  // The package looks for navigator.gpu while it is imported, and does not complain if there is none.
  await need(load, backendPackage);
  if (!(await tf.setBackend('webgpu').catch(() => false))) {
    throw new Error(
      `backend webgpu: ${backendPackage} loaded but does not start; ` +
        `all @tensorflow packages must have version ${tf.version_core}`,
    );
  }
  const { description, vendor } = adapter.info ?? {};
  return { name: 'webgpu', device: `WebGPU, ${description || vendor || 'unnamed adapter'}` };
}

function currentGpu(): Gpu | undefined {
  return (globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu;
}

/** Makes Dawn the `navigator.gpu`, as in a browser. */
async function provideGpu(load: Import): Promise<Gpu> {
  const dawn = (await need(load, implementation)) as {
    create(options: string[]): Gpu;
    globals: object;
  };
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  // Node.js has a navigator from version 21 on.
  const { navigator } = globalThis as { navigator?: object };
  const place = navigator ?? {};
  Object.defineProperty(place, 'gpu', { value: gpu, configurable: true });
  if (!navigator) {
    Object.defineProperty(globalThis, 'navigator', { value: place, configurable: true });
  }
  return gpu;
}

async function need(load: Import, name: string): Promise<unknown> {
  try {
    return await load(name);
  } catch (cause) {
    const { code, message = String(cause) } = cause as { code?: string; message?: string };
    const missing = /^(ERR_)?MODULE_NOT_FOUND$/.test(code ?? '') && message.includes(`'${name}'`);
    throw new Error(
      missing
        ? `backend webgpu: the package ${name} is not installed; it needs \`npm install ${implementation} ${backendPackage}@${tf.version_core}\``
        : `backend webgpu: the package ${name} does not load: ${message}`,
      { cause },
    );
  }
}
