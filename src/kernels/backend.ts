import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { registerMissingGradients } from './gradients.ts';
import { loadTensorflow } from './tensorflow.ts';
import { fillWasmGaps } from './wasm-gaps.ts';
import { mendMatMul } from './wasm-mat-mul.ts';
import { quickenMoves } from './wasm-moves.ts';
import { quickenSum } from './wasm-sum.ts';

export type BackendChoice = 'auto' | 'wasm' | 'cpu' | 'tensorflow';

type Listener = (...args: unknown[]) => void;

export interface BackendInfo {
  readonly name: 'wasm' | 'cpu' | 'tensorflow';
  /** What it runs on, for people to read. */
  readonly device: string;
  /** Why this is not quite what was asked for. */
  readonly warning?: string;
}

/**
 * Makes a tfjs backend the current one and completes it: the gradients that tfjs lacks, and the
 * kernels that wasm lacks, has wrong or has slow. Calling it again is cheap and changes nothing.
 *
 * `auto` is TensorFlow where @tensorflow/tfjs-node-gpu is installed and finds a GPU, otherwise wasm.
 * `cpu` is plain JavaScript: slow, the reference in tests.
 *
 * @throws Error where the chosen backend cannot be loaded, with the reason
 */
export async function loadBackend(choice: BackendChoice): Promise<BackendInfo> {
  // Silences the advice that tfjs prints when its cpu backend runs in Node.
  tf.enableProdMode();
  registerMissingGradients();
  switch (choice) {
    case 'cpu':
      await tf.setBackend('cpu');
      return { name: 'cpu', device: 'CPU, plain JavaScript' };
    case 'wasm':
      return loadWasm();
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
      return gpu ? loadBackend('tensorflow') : loadWasm();
    }
    default:
      throw new RangeError(
        `loadBackend: backend must be auto, wasm, cpu or tensorflow, got ${choice satisfies never}`,
      );
  }
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
