import * as tf from '@tensorflow/tfjs-core';
import { registrations } from './kernels/index.ts';
import { Arena } from './runtime/arena.ts';
import type { Loaded } from './runtime/module.ts';
import { Pool, type PoolOptions } from './runtime/pool.ts';
import { SimdBackend } from './runtime/simd-backend.ts';

/** The backend `simd`, as it was started. */
export interface Started extends Omit<Loaded, 'module'> {
  readonly pool: Pool;
}

/** What starts the backend. */
export interface StartOptions extends Pick<PoolOptions, 'threads' | 'startWorker'> {
  /** Memory for tensors, in MiB. */
  readonly arenaMiB: number;
}

let current: (Started & { readonly key: string }) | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes `simd` the current backend. If it runs with other options already, it starts anew, and each earlier tensor moves
 * to the new arena when an operation first uses it.
 *
 * @param load gives the machine code
 * @throws RangeError if an option is out of range; any error of `load`
 */
export function start(
  load: () => Loaded | Promise<Loaded>,
  options: StartOptions,
): Promise<Started> {
  const started = last.then(async () => startNow(await load(), options));
  last = started.catch(() => undefined);
  return started;
}

async function startNow(
  { module, ...loaded }: Loaded,
  { arenaMiB, threads, startWorker }: StartOptions,
): Promise<Started> {
  const key = [loaded.build, threads, arenaMiB].join();
  if (current?.key !== key) {
    const arena = new Arena(arenaMiB);
    const pool = await Pool.start({ module, arena, threads, startWorker });
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
