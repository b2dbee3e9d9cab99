import { availableParallelism } from 'node:os';
import type { SimdOptions } from '../simd/index.ts';
import { loadBackend } from './backend.ts';
import type { BackendChoice, BackendInfo } from './backend-info.ts';
import { NotInstalledError } from './tensorflow.ts';

/** The time of a backend in a trial. */
export interface Timing {
  /** The device in words. */
  readonly device: string;
  /** The time of the fastest run, in ms. */
  readonly ms: number;
}

/** The backend that `chooseBackend` chose. */
export interface ChosenBackend extends BackendInfo {
  /** The number of threads, for `simd`. */
  readonly threads?: number;
  /** The times of the trials; empty where there was no choice. */
  readonly timings: readonly Timing[];
}

interface Candidate {
  readonly choice: BackendChoice;
  readonly threads?: number;
}

/** At the sizes of our policies, more threads find nothing to do. */
const MAX_THREADS = 8;
/** How long each candidate runs, in ms; at least twice. */
const TRIAL = 200;
/**
 * The factor by which a candidate must be faster than those before it. Timings waver, and the earlier candidates
 * leave more of the machine to other programs.
 */
const CLEARLY = 1.1;

/**
 * Loads the fastest backend among the candidates. With `options.threads` `auto`, these are `simd` on one thread and on
 * all cores (at most 8); with `choice` `auto`, `tensorflow` too, where its package is installed and `options.build` is
 * not given. A single candidate needs no trial.
 *
 * @param work a trial on the current backend; returns its time, in ms
 * @throws Error where a backend that is asked for by name cannot be loaded, and any error of `work`
 */
export async function chooseBackend(
  choice: BackendChoice,
  options: SimdOptions,
  work: () => Promise<number>,
): Promise<ChosenBackend> {
  const { all, warning } = await candidates(choice, options);
  const trials = new Map<Candidate, Timing>();
  // The first candidate runs again at the end, so that it is not judged by its run on cold code.
  for (const candidate of all.length > 1 ? [all[0], ...all.toReversed()] : []) {
    const { device } = await load(candidate, options);
    trials.set(candidate, { device, ms: await fastest(work) });
  }
  const timings = all.flatMap((candidate) => trials.get(candidate) ?? []);
  const enough = CLEARLY * Math.min(...timings.map(({ ms }) => ms));
  const chosen =
    all[
      Math.max(
        0,
        timings.findIndex(({ ms }) => ms <= enough),
      )
    ];
  const info = await load(chosen, options);
  return {
    ...(warning && { warning }),
    ...info,
    ...(info.name === 'simd' && { threads: chosen.threads }),
    timings,
  };
}

/** The candidates in order of preference, with a warning if a backend is installed but does not load. */
async function candidates(
  choice: BackendChoice,
  options: SimdOptions,
): Promise<{ all: Candidate[]; warning?: string }> {
  if (choice !== 'auto' && choice !== 'simd') return { all: [{ choice }] };
  const [one, ...more] = threadCounts(options.threads);
  const { name } = await load({ choice, threads: one }, options);
  const counts = name === 'simd' ? [one, ...more] : [one];
  const all: Candidate[] = counts.map((threads) => ({ choice, threads }));
  if (choice === 'simd' || (options.build ?? 'auto') !== 'auto') return { all };
  try {
    await loadBackend('tensorflow');
    return { all: [...all, { choice: 'tensorflow' }] };
  } catch (error) {
    // Most machines do not have it, which needs no warning. If it is there but broken, the user wants to know.
    if (error instanceof NotInstalledError) return { all };
    return { all, warning: (error as Error).message };
  }
}

function threadCounts(threads: SimdOptions['threads'] = 'auto'): number[] {
  if (threads !== 'auto') return [threads];
  return [...new Set([1, Math.min(availableParallelism(), MAX_THREADS)])];
}

function load({ choice, threads }: Candidate, options: SimdOptions): Promise<BackendInfo> {
  return loadBackend(choice, { ...options, threads });
}

async function fastest(work: () => Promise<number>): Promise<number> {
  const end = performance.now() + TRIAL;
  let best = await work();
  do best = Math.min(best, await work());
  while (performance.now() < end);
  return best;
}
