import * as tf from '@tensorflow/tfjs-core';
import { loadModule, type ModuleOptions } from './runtime/module.ts';
import { startWorker } from './runtime/node-worker.ts';
import { SimdBackend } from './runtime/simd-backend.ts';
import { type Started, start } from './start.ts';

/** The threads and the memory of the backend `simd`. */
export interface SimdOptions extends ModuleOptions {
  /** Number of threads, with the main one; `auto`: one, unless `chooseBackend` finds more to be faster. Default 1. */
  readonly threads?: number | 'auto';
  /** Memory for tensors, in MiB; default 1024. The system provides it as tensors use it. */
  readonly arenaMiB?: number;
}

export { ArenaFullError } from './runtime/arena.ts';
export type { Build } from './runtime/module.ts';

/** Enough for each of our presets. The system provides only the pages that tensors touch. */
const ARENA_MIB = 1024;

/**
 * Makes `simd` the current backend, with the machine code that lies beside this package's code and the threads of
 * Node.js.
 *
 * @returns the build of the kernels, the machine code that runs it, and the pool of threads
 * @throws Error if the build is missing, or an option is out of range
 */
export function startSimd(options: SimdOptions = {}): Promise<Started> {
  const { arenaMiB = ARENA_MIB } = options;
  const threads = options.threads === 'auto' ? 1 : (options.threads ?? 1);
  return start(() => loadModule(options), { arenaMiB, threads, startWorker });
}

/**
 * The most bytes of the arena that are in use at once while `work` runs on `simd`.
 * @throws ArenaFullError where it does not fit, and what else `work` throws
 * @internal
 */
export async function arenaPeak(work: () => Promise<unknown>): Promise<number> {
  const { arena } = tf.backend() as SimdBackend;
  arena.mark();
  await work();
  return arena.statistics.highWater;
}

/**
 * Bytes of the arena that tensors have now; undefined where another backend is current.
 * @internal
 */
export function arenaUsed(): number | undefined {
  const backend = tf.backend();
  return backend instanceof SimdBackend ? backend.arena.statistics.used : undefined;
}
