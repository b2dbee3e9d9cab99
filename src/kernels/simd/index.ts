import * as tf from '@tensorflow/tfjs-core';
import { registrations } from './kernels/index.ts';
import { Arena } from './runtime/arena.ts';
import { type Loaded, loadModule, type ModuleOptions } from './runtime/module.ts';
import { Pool } from './runtime/pool.ts';
import { SimdBackend } from './runtime/simd-backend.ts';

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

interface Started extends Omit<Loaded, 'module'> {
  readonly pool: Pool;
}

let current: (Started & { readonly key: string }) | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes `simd` the current backend. If it runs with other options already, it starts anew, and each earlier tensor moves
 * to the new arena when an operation first uses it.
 *
 * @returns the build of the kernels, the machine code that runs it, and the pool of threads
 * @throws Error if the build is missing, or an option is out of range
 */
export function startSimd(options: SimdOptions = {}): Promise<Started> {
  const started = last.then(() => start(options));
  last = started.catch(() => undefined);
  return started;
}

/**
 * How many bytes of the arena are in use at once, at most, while `work` runs on `simd`.
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

async function start(options: SimdOptions): Promise<Started> {
  const { module, ...loaded } = loadModule(options);
  const { arenaMiB = ARENA_MIB } = options;
  const threads = options.threads === 'auto' ? 1 : (options.threads ?? 1);
  const key = [loaded.build, threads, arenaMiB].join();
  if (current?.key !== key) {
    const arena = new Arena(arenaMiB);
    const pool = await Pool.start({ module, arena, threads });
    if (current) {
      await current.pool.close();
      tf.removeBackend('simd');
    } else {
      registerKernels();
    }
    tf.registerBackend('simd', () => new SimdBackend(arena, pool), 0);
    current = { key, ...loaded, pool };
  }
  await tf.setBackend('simd');
  return current;
}

function registerKernels(): void {
  tf.copyRegisteredKernels('cpu', 'simd');
  for (const register of registrations) register();
}
