import { expect } from 'vitest';
import { loadBackend } from '../../src/kernels/index.ts';
import { expectClose, type Numbers } from './numeric.ts';

/** The results of each case on `cpu`, and on `simd` with one thread and with two. */
export async function onEach<T>(cases: readonly T[], run: (of: T) => Promise<Numbers[]>) {
  const results: Numbers[][][] = [];
  for (const threads of [0, 1, 2]) {
    if (threads === 0) await loadBackend('cpu');
    else await loadBackend('simd', { build: 'simd', threads });
    const all: Numbers[][] = [];
    for (const of of cases) all.push(await run(of));
    results.push(all);
  }
  const [cpu, one, two] = results;
  return cases.map((of, i) => ({ of, cpu: cpu[i], one: one[i], two: two[i] }));
}

/** Expects the results of `cpu` on `simd`, the same bits on two threads. */
export async function expectEqual<T>(
  cases: readonly T[],
  run: (of: T) => Promise<Numbers[]>,
  tolerance?: number,
) {
  for (const { of, cpu, one, two } of await onEach(cases, run)) {
    try {
      expectClose(one, cpu, tolerance);
    } catch (cause) {
      throw new Error(JSON.stringify(of), { cause });
    }
    expect(two, `on two threads: ${JSON.stringify(of)}`).toEqual(one);
  }
}
