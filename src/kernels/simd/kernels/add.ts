import * as tf from '@tensorflow/tfjs-core';
import { Op, registerSimdKernel, simdKernel } from '../runtime/kernel.ts';

/** Rows shorter than this are not worth a kernel. */
const LEAST = 16;

/** Sums of equal shapes, or with what repeats along leading axes: gradients that meet, biases, positions. */
export function registerAdd(): void {
  const general = simdKernel<tf.BinaryInputs, tf.NamedAttrMap>(tf.Add);
  registerSimdKernel<tf.BinaryInputs, tf.NamedAttrMap>(tf.Add, (args) => {
    const { inputs, backend } = args;
    const [long, short] =
      inputs.a.shape.length >= inputs.b.shape.length ? [inputs.a, inputs.b] : [inputs.b, inputs.a];
    const floats = long.dtype === 'float32' && short.dtype === 'float32';
    const leading = long.shape.length - short.shape.length;
    const repeats = short.shape.every((size, i) => size === long.shape[leading + i]);
    const n = tf.util.sizeFromShape(short.shape);
    if (!floats || !repeats || n < LEAST) return general(args);
    const rows = tf.util.sizeFromShape(long.shape) / n;
    const y = backend.output(long.shape);
    backend.pool.run(Op.add, rows * n, [
      ...[y.address, backend.address(long), backend.address(short), rows, n],
    ]);
    return y;
  });
}
