/** A product [4096, 64]·[64, 256]. */
import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../../src/kernels/index.ts';
import { check, distance } from '../measure.ts';
import { PRODUCT } from '../reference.ts';
import { repeated, serve, start } from './serve.ts';

await start();
const { M, K, N } = PRODUCT;
const rng = Rng.seed(0, 'bench');
const a = Float32Array.from({ length: M * K }, () => rng.normal());
const b = Float32Array.from({ length: K * N }, () => rng.normal());
const [left, right] = [tf.tensor2d(a, [M, K]), tf.tensor2d(b, [K, N])];
const product = tf.matMul(left, right);
// Sums of K products of standard normals, in another order.
check(distance(await product.data(), plain()) < 1e-5 * K, 'not the product');
product.dispose();
await serve(
  {},
  repeated(() => tf.matMul(left, right).dispose()),
);

/** The product by its definition. */
function plain(): Float64Array {
  const out = new Float64Array(M * N);
  for (let i = 0; i < M; i++) {
    for (let k = 0; k < K; k++) {
      for (let j = 0; j < N; j++) out[i * N + j] += a[i * K + k] * b[k * N + j];
    }
  }
  return out;
}
