import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type SimdOptions, startSimd } from '../simd/index.ts';
import { repairGradients } from '../tfjs/gradients.ts';
import type { BackendChoice, BackendInfo } from './backend-info.ts';
import { loadTensorflow } from './tensorflow.ts';
import { loadWasm } from './wasm.ts';
import { loadWebgpu } from './webgpu.ts';

/**
 * Makes a backend of tfjs the current one, and adds the gradients and kernels that it lacks. A second call with the same
 * arguments changes nothing. `train`, `Agent.load` and the commands call it themselves.
 *
 * `simd` is Pondera's own WebAssembly kernels on threads; `wasm` and `cpu` are those of tfjs, the latter in plain
 * JavaScript; `tensorflow` and `webgpu` run on a GPU where their packages are installed. `auto` takes `simd`, or `wasm`
 * where `simd` cannot start and `simd.build` is not given; `chooseBackend` chooses by time.
 *
 * ```ts
 * import { loadBackend } from 'pondera/kernels';
 *
 * const { device } = await loadBackend('auto', { threads: 2 });
 * console.log(device);
 * ```
 *
 * @param simd options of the backend `simd`
 * @throws Error with the reason, where the backend cannot be loaded
 */
export async function loadBackend(
  choice: BackendChoice,
  simd: SimdOptions = {},
): Promise<BackendInfo> {
  // Without it, tfjs prints advice whenever its cpu backend runs in Node.js.
  tf.enableProdMode();
  repairGradients();
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
        return { ...(await loadWasm()), warning: `slower than simd: ${error.message}` };
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
