import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { addFilterGradient } from '../tfjs/wasm-convolution.ts';
import { fillWasmGaps } from '../tfjs/wasm-gaps.ts';
import { repairMatMul } from '../tfjs/wasm-mat-mul.ts';
import { speedUpMoves } from '../tfjs/wasm-moves.ts';
import { speedUpSum } from '../tfjs/wasm-sum.ts';
import type { BackendInfo } from './backend-info.ts';

type Listener = (...args: unknown[]) => void;

/**
 * Makes tfjs's `wasm` the current backend. Registers kernels of our own where its own are missing, wrong or slow.
 * @throws Error if it does not start
 */
export async function loadWasm(): Promise<BackendInfo> {
  const before = strayListeners();
  if (!(await tf.setBackend('wasm'))) throw new Error('loadBackend: wasm could not be started');
  for (const [event, listener] of strayListeners()) {
    if (!before.some(([, known]) => known === listener)) process.off(event, listener);
  }
  complete();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return { name: 'wasm', device: `CPU, WebAssembly${simd ? ' SIMD' : ''}, 1 thread` };
}

let completed = false;

function complete(): void {
  if (completed) return;
  completed = true;
  fillWasmGaps();
  repairMatMul();
  addFilterGradient();
  speedUpSum();
  speedUpMoves();
}

/**
 * Emscripten's listeners on `process`. They rethrow every uncaught error from within the minified backend, and
 * Node.js then prints the backend's whole source.
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
