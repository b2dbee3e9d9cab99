import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type SimdOptions, startSimd } from '../simd/index.ts';
import { mendGradients } from '../tfjs/gradients.ts';
import type { BackendChoice, BackendInfo } from './backend-info.ts';
import { loadTensorflow } from './tensorflow.ts';
import { loadWasm } from './wasm.ts';
import { loadWebgpu } from './webgpu.ts';

/**
 * Makes a tfjs backend the current one and completes it: the gradients that tfjs lacks, and the
 * kernels that wasm lacks, has wrong or has slow. Calling it again is cheap and changes nothing.
 *
 * `simd` is our own kernels on threads; `cpu` is plain JavaScript: slow, the reference in tests.
 * `auto` is `simd`, or tfjs's wasm where that cannot be started and no build of it is asked for; `chooseBackend`
 * chooses among more.
 *
 * @param simd options of `simd`; other backends have none
 * @throws Error where the chosen backend cannot be loaded, with the reason
 */
export async function loadBackend(
  choice: BackendChoice,
  simd: SimdOptions = {},
): Promise<BackendInfo> {
  // Silences the advice that tfjs prints when its cpu backend runs in Node.
  tf.enableProdMode();
  mendGradients();
  switch (choice) {
    case 'cpu':
      await tf.setBackend('cpu');
      return { name: 'cpu', device: 'CPU, plain JavaScript' };
    case 'wasm':
      return loadWasm();
    case 'simd':
      return loadSimd(simd);
    case 'tensorflow':
      return loadTensorflow();
    case 'webgpu':
      return loadWebgpu();
    case 'auto':
      return loadSimd(simd).catch(async (error: Error) => {
        if ((simd.build ?? 'auto') !== 'auto') throw error;
        return { ...(await loadWasm()), warning: `slower than it might be: ${error.message}` };
      });
    default:
      throw new RangeError(
        `loadBackend: backend must be auto, simd, wasm, cpu, tensorflow or webgpu, got ${choice satisfies never}`,
      );
  }
}

const CODES = { wide: '256-bit SIMD', relaxed: 'relaxed SIMD', simd: 'SIMD' };

async function loadSimd(options: SimdOptions): Promise<BackendInfo> {
  const { build, code, pool, ...loaded } = await startSimd(options);
  const { threads } = pool;
  const warning = [loaded.warning, pool.warning].filter(Boolean).join('; ');
  const device = `CPU, WebAssembly ${CODES[code]}, ${threads} thread${threads === 1 ? '' : 's'}`;
  return { name: 'simd', device, build, ...(warning && { warning }) };
}
