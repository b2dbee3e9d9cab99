import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours } from '../contender.ts';
import { ratio } from '../measure.ts';
import { PRODUCT } from '../reference.ts';

const ROUNDS = 9;

/** How fast our kernels multiply matrices, beside tfjs's. */
export async function matMul(): Promise<Result<'matmul'>> {
  const { ms, notes } = await compete(
    {
      'ours, 1 thread': ours('mat-mul', {}),
      'ours, 2 threads': ours('mat-mul', { threads: 2 }),
      'ours without relaxed SIMD, 1 thread': ours('mat-mul', { build: 'simd' }),
      'ours without relaxed SIMD, 2 threads': ours('mat-mul', { build: 'simd', threads: 2 }),
      'tfjs wasm, 1 thread': ours('mat-mul', { backend: 'wasm' }),
    },
    ROUNDS,
  );
  const { M, K, N } = PRODUCT;
  const wasm = ms['tfjs wasm, 1 thread'];
  const one = ms['ours, 1 thread'];
  return {
    title: 'Matrix product',
    method:
      `[${M}, ${K}]·[${K}, ${N}], the first product of the reference core's feed-forward. ` +
      'Checked against a plain loop.',
    rows: Object.entries(ms).map(
      ([name, taken]): Row => ({
        '': name,
        ms: taken,
        'GFLOP/s': ratio((2 * M * K * N) / 1e6, taken),
        'tfjs wasm’s time ÷ this': ratio(wasm, taken),
      }),
    ),
    figures: {
      'matmul.vsTfjsWasm': ratio(wasm, one),
      'matmul.threads': ratio(one, ms['ours, 2 threads']),
    },
    notes,
  };
}
