import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, int, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel } from '../runtime/register.ts';
import { registerBinary } from './elementwise.ts';

export const add = defineKernel('add', {
  args: {
    y: pointer('[rows, n]'),
    a: pointer('[rows, n]'),
    b: pointer('[n]'),
    rows: int(),
    n: int(),
  },
  split: { by: 'own' },
  work: ({ rows, n }) => rows * n,
});

/** For shorter rows, a call of the kernel costs more than it saves. */
const LEAST = 16;

/** `tf.add` of two equal shapes, or of a shape that repeats along leading axes: sums of gradients, biases, positions. */
export function register(): void {
  const general = registerBinary(tf.Add, 'p + q');
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
    const [a, b] = [backend.address(long), backend.address(short)];
    backend.pool.run(add, { y: y.address, a, b, rows, n });
    return y;
  });
}
