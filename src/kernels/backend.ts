import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { registerMissingGradients } from './gradients.ts';
import { type Build, type SimdOptions, startSimd } from './simd/index.ts';
import { loadTensorflow } from './tensorflow.ts';
import { fillWasmGaps } from './wasm-gaps.ts';
import { mendMatMul } from './wasm-mat-mul.ts';
import { quickenMoves } from './wasm-moves.ts';
import { quickenSum } from './wasm-sum.ts';

export type BackendChoice = 'auto' | 'simd' | 'wasm' | 'cpu' | 'tensorflow';

type Listener = (...args: unknown[]) => void;

export interface BackendInfo {
  readonly name: Exclude<BackendChoice, 'auto'>;
  /** What it runs on, for people to read. */
  readonly device: string;
  /** The build of the kernels that `simd` chose. */
  readonly build?: Build;
  /** Why this is not quite what was asked for. */
  readonly warning?: string;
}

/**
 * Makes a tfjs backend the current one and completes it: the gradients that tfjs lacks, and the
 * kernels that wasm lacks, has wrong or has slow. Calling it again is cheap and changes nothing.
 *
 * `auto` is TensorFlow where @tensorflow/tfjs-node-gpu is installed and finds a GPU, otherwise `simd`, or
 * tfjs's wasm where that cannot be started.
 * `simd` is our own kernels on threads; `cpu` is plain JavaScript: slow, the reference in tests.
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
  registerMissingGradients();
  switch (choice) {
    case 'cpu':
      await tf.setBackend('cpu');
      return { name: 'cpu', device: 'CPU, plain JavaScript' };
    case 'wasm':
      return loadWasm();
    case 'simd':
      return loadSimd(simd);
    case 'tensorflow': {
      const { gpu } = await loadTensorflow();
      await tf.setBackend('tensorflow');
      if (gpu) return { name: 'tensorflow', device: 'GPU' };
      return {
        name: 'tensorflow',
        device: 'CPU, libtensorflow',
        warning:
          'TensorFlow found no usable GPU (it wants CUDA 11.2 and cuDNN 8.1) and runs on the CPU',
      };
    }
    case 'auto': {
      const gpu = await loadTensorflow().then(
        (loaded) => loaded.gpu,
        () => false,
      );
      if (gpu) return loadBackend('tensorflow');
      return loadSimd(simd).catch(async (error: Error) => ({
        ...(await loadWasm()),
        warning: `slower than it might be: ${error.message}`,
      }));
    }
    default:
      throw new RangeError(
        `loadBackend: backend must be auto, simd, wasm, cpu or tensorflow, got ${choice satisfies never}`,
      );
  }
}

async function loadSimd(options: SimdOptions): Promise<BackendInfo> {
  const { build, pool } = await startSimd(options);
  const { threads, warning } = pool;
  const code = build === 'relaxed' ? 'relaxed SIMD' : 'SIMD';
  const device = `CPU, WebAssembly ${code}, ${threads} thread${threads === 1 ? '' : 's'}`;
  return { name: 'simd', device, build, ...(warning && { warning }) };
}

async function loadWasm(): Promise<BackendInfo> {
  const before = strayListeners();
  if (!(await tf.setBackend('wasm'))) throw new Error('loadBackend: wasm could not be started');
  for (const [event, listener] of strayListeners()) {
    if (!before.some(([, known]) => known === listener)) process.off(event, listener);
  }
  completeWasm();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return { name: 'wasm', device: `CPU, WebAssembly${simd ? ' SIMD' : ''}, 1 thread` };
}

let complete = false;

function completeWasm(): void {
  if (complete) return;
  complete = true;
  fillWasmGaps();
  mendMatMul();
  quickenSum();
  quickenMoves();
}

/**
 * Emscripten's listeners on `process`: they rethrow every uncaught error from within the minified
 * backend, whose whole source Node then prints.
 */
function strayListeners(): [event: string, listener: Listener][] {
  return ['uncaughtException', 'unhandledRejection'].flatMap((event) =>
    process
      .listeners(event as NodeJS.Signals)
      .filter((listener) =>
        /ExitStatus|^function\s*\(reason\)\s*\{\s*throw reason/.test(`${listener}`),
      )
      .map((listener): [string, Listener] => [event, listener as Listener]),
  );
}
