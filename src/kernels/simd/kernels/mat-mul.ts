import * as tf from '@tensorflow/tfjs-core';
import { LANES } from '../runtime/constants.ts';
import { defineKernel, flag, int, optional, pointer } from '../runtime/define-kernel.ts';
import { areFloats, registerSimdKernel, registerWhere, simdKernel } from '../runtime/register.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { laneSum } from './lane-sum.ts';

export const matMul = defineKernel('matMul', {
  args: {
    y: pointer('[M, N]'),
    a: pointer('[M, K], or [K, M] if transA'),
    b: pointer('[K, N], or [N, K] if transB'),
    bias: optional('[N]'),
    M: int(),
    K: int(),
    N: int(),
    transA: flag(),
    transB: flag(),
    accumulate: flag('whether the product is added to y'),
    relu: flag(),
    lanes: optional('[LANES, M, N]'),
  },
  split: { by: 'own' },
  scratch: true,
  work: ({ M, K, N }) => M * K * N,
});

/** From this many rows of a batch on, a weight's gradient is summed in lanes. With fewer, there is little to share. */
const LONG_SUM = 512;
/** The most numbers in a product whose lanes fit a core's cache. */
const SMALL_PRODUCT = 65_536;

interface Product {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly relu?: boolean;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Products of float32 matrices, and of batches of matrices one after another. */
export function register(): void {
  registerWhere<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(
    tf.BatchMatMul,
    areFloats,
    ({ inputs, attrs, backend }) => product({ ...inputs, ...attrs }, backend),
  );

  const cpuFused = simdKernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(tf._FusedMatMul);
  registerSimdKernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(tf._FusedMatMul, (args) => {
    const { inputs, attrs, backend } = args;
    const { a, b, bias } = inputs as typeof inputs & { bias?: tf.TensorInfo };
    const relu = attrs.activation === 'relu';
    const columns = attrs.transposeB ? b.shape.at(-2)! : b.shape.at(-1)!;
    const known = relu || attrs.activation === 'linear' || attrs.activation === null;
    const perColumn =
      !bias || (bias.shape.at(-1) === columns && tf.util.sizeFromShape(bias.shape) === columns);
    if (!isFloat(a) || !isFloat(b) || !known || !perColumn) return cpuFused(args);
    return product({ ...attrs, a, b, bias, relu }, backend);
  });
}

const isFloat = ({ dtype }: tf.TensorInfo) => dtype === 'float32';

/** `op(a) · op(b) + bias`, relu last; leading axes broadcast. */
export function product(of: Product, backend: SimdBackend): tf.TensorInfo {
  const { a, b, bias, relu, transposeA, transposeB } = of;
  const [m, k] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const n = transposeB ? b.shape.at(-2)! : b.shape.at(-1)!;
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const out = backend.output([...batch, m, n]);
  const [aCount, bCount] = [tf.util.sizeFromShape(aBatch), tf.util.sizeFromShape(bBatch)];
  const biasAddress = bias ? backend.address(bias) : 0;
  const [aAddress, bAddress] = [backend.address(a), backend.address(b)];
  const inLanes = transposeA && k >= LONG_SUM && m * n <= SMALL_PRODUCT && !bias && !relu;
  const lanes = inLanes ? backend.arena.allocate(4 * LANES * m * n) : 0;
  for (let i = 0; i < tf.util.sizeFromShape(batch); i++) {
    const y = out.address + 4 * m * n * i;
    const aHere = aAddress + 4 * m * k * (i % aCount);
    const bHere = bAddress + 4 * k * n * (i % bCount);
    backend.pool.run(matMul, {
      y,
      a: aHere,
      b: bHere,
      bias: biasAddress,
      M: m,
      K: k,
      N: n,
      transA: transposeA,
      transB: transposeB,
      accumulate: false,
      relu: relu ?? false,
      lanes,
    });
    if (inLanes) backend.pool.run(laneSum, { y, lanes, n: m * n, accumulate: false });
  }
  if (inLanes) backend.arena.free(lanes);
  return out;
}
