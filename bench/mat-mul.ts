import * as tf from '@tensorflow/tfjs-core';
import { loadBackend, Rng } from '../src/index.ts';
import type { Result, Row } from './case.ts';
import type { Backend } from './k-hop.ts';
import { check, distance, interleave } from './measure.ts';

/** Products [m, k]·[k, n] that the policy of the other cases computes. */
const SHAPES = [
  { use: 'act: a projection, one thought', m: 1, k: 48, n: 48 },
  { use: 'tick: a projection, 64 thoughts', m: 64, k: 48, n: 48 },
  { use: 'tick: feed-forward in, 64 thoughts', m: 64, k: 48, n: 96 },
  { use: 'tick: feed-forward out, 64 thoughts', m: 64, k: 96, n: 48 },
  { use: 'learn: keys of 256 × 16 tokens', m: 4096, k: 48, n: 48 },
  { use: 'learn: the gradient of their weights', m: 48, k: 4096, n: 48, transposeA: true },
  { use: 'learn: the gradient of the tokens', m: 4096, k: 48, n: 48, transposeB: true },
];
const ROUNDS = 15;
/** Work of one timing. */
const FLOPS = 4e7;

/** How fast our kernels multiply matrices at the policy's shapes, beside tfjs's. */
export async function matMul(): Promise<Result> {
  const rng = Rng.seed(0, 'bench');
  const rows: Row[] = [];
  for (const { use, m, k, n, transposeA = false, transposeB = false } of SHAPES) {
    const a = Float32Array.from({ length: m * k }, () => rng.normal());
    const b = Float32Array.from({ length: k * n }, () => rng.normal());
    const expected = plain(a, b, { m, k, n, transposeA, transposeB });
    const flops = 2 * m * k * n;
    const repeats = Math.max(1, Math.round(FLOPS / flops / 4));
    const factors: tf.Tensor[] = [];
    const on = async (backend: Backend) => {
      await loadBackend(backend);
      const left = tf.tensor2d(a, transposeA ? [k, m] : [m, k]);
      const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
      factors.push(left, right);
      const product = () => tf.matMul(left, right, transposeA, transposeB);
      const got = product();
      // Sums of k products of standard normals, in another order.
      check(distance(await got.data(), expected) < 1e-5 * k, `${backend}, ${use}: not the product`);
      got.dispose();
      return async () => {
        await loadBackend(backend);
        for (let i = 0; i < repeats; i++) product().dispose();
      };
    };
    const ms = await interleave({ simd: await on('simd'), wasm: await on('wasm') }, ROUNDS);
    tf.dispose(factors);
    rows.push({
      use,
      product: `[${m}, ${k}]${transposeA ? 'ᵀ' : ''}·[${k}, ${n}]${transposeB ? 'ᵀ' : ''}`,
      µs: (1000 * ms.simd) / repeats,
      'GFLOP/s': (flops * repeats) / ms.simd / 1e6,
      'tfjs wasm µs': (1000 * ms.wasm) / repeats,
      'times as fast': ms.wasm / ms.simd,
    });
  }
  return {
    title: 'Matrix products, one thread',
    method:
      `Median of ${ROUNDS} timings; the time of a small product is mostly the call. The shapes are ` +
      'those of the product; ᵀ marks a matrix that is stored transposed. Checked against a plain loop.',
    rows,
  };
}

interface Shape {
  m: number;
  k: number;
  n: number;
  transposeA: boolean;
  transposeB: boolean;
}

/** The product by its definition. */
function plain(
  a: Float32Array,
  b: Float32Array,
  { m, k, n, transposeA, transposeB }: Shape,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = transposeA ? a[l * m + i] : a[i * k + l];
      for (let j = 0; j < n; j++) out[i * n + j] += x * (transposeB ? b[j * k + l] : b[l * n + j]);
    }
  }
  return out;
}
