/// <reference path="../simd/runtime/embedded.d.ts" />
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { BASE64 } from '../simd/build/simd.wasm.js';
import { start } from '../simd/start.ts';

/**
 * Makes `simd` the current backend anywhere that runs WebAssembly, such as a browser, without Node.js: on one thread,
 * with the machine code of the build `simd` out of this package's own code.
 *
 * @param arenaMiB memory for tensors, in MiB; the system provides it as tensors use it
 * @throws Error where WebAssembly SIMD or that much memory is not to be had
 */
export async function loadPortable(arenaMiB: number): Promise<void> {
  // Without it, tfjs checks what our kernels check already.
  tf.enableProdMode();
  await start(async () => ({ module: await compiled(), build: 'simd', code: 'simd' }), {
    ...{ arenaMiB, threads: 1, startWorker: refuse },
  });
}

let module: Promise<WebAssembly.Module> | undefined;

function compiled(): Promise<WebAssembly.Module> {
  module ??= WebAssembly.compile(Uint8Array.from(atob(BASE64), (byte) => byte.charCodeAt(0)));
  return module;
}

function refuse(): never {
  throw new Error('kernels: expected one thread outside of Node.js, got more');
}
