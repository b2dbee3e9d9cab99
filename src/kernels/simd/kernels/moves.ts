import * as tf from '@tensorflow/tfjs-core';
import { areFloats, registerWhere, type SimdKernel } from '../runtime/register.ts';
import type { Output, SimdBackend } from '../runtime/simd-backend.ts';
import { type Axis, eachRun, stridesOf } from '../runtime/strides.ts';

/** tfjs kernels that only move float32 numbers. */
export function register(): void {
  registerMove<tf.SliceInputs, tf.SliceAttrs>(tf.Slice, ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.Tensor;
    const [begin, size] = tf.slice_util.parseSliceParams(x, attrs.begin, attrs.size);
    tf.slice_util.assertParamsValid(x, begin, size);
    return slice(x, begin, size, backend);
  });

  registerMove<tf.SplitVInputs, tf.SplitVAttrs>(tf.SplitV, ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.Tensor;
    const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
    let start = 0;
    return tf.backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis).map((length) => {
      const begin = x.shape.map((_, i) => (i === axis ? start : 0));
      start += length;
      return slice(x, begin, x.shape.with(axis, length), backend);
    });
  });

  registerMove<tf.PadV2Inputs, tf.PadV2Attrs>(tf.PadV2, ({ inputs: { x }, attrs, backend }) => {
    const { paddings, constantValue } = attrs;
    const out = backend.output(x.shape.map((size, i) => paddings[i][0] + size + paddings[i][1]));
    out.values.fill(constantValue);
    const begin = paddings.map(([before]) => before);
    place(x, out, begin, backend);
    return out;
  });

  registerMove<tf.ConcatInputs, tf.ConcatAttrs>(tf.Concat, ({ inputs, attrs, backend }) => {
    const tensors = Object.values(inputs) as tf.TensorInfo[];
    const shapes = tensors.map(({ shape }) => shape);
    const [axis] = tf.util.parseAxisParam(attrs.axis, shapes[0]);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    const out = backend.output(tf.backend_util.computeOutShape(shapes, axis));
    const begin = out.shape.map(() => 0);
    for (const x of tensors) {
      place(x, out, begin, backend);
      begin[axis] += x.shape[axis];
    }
    return out;
  });

  registerMove<tf.TransposeInputs, tf.TransposeAttrs>(
    tf.Transpose,
    ({ inputs, attrs, backend }) => {
      const { x } = inputs;
      const { perm } = attrs;
      const shape = perm.map((axis) => x.shape[axis]);
      const moved = perm.filter((axis) => x.shape[axis] !== 1);
      if (moved.every((axis, i) => i === 0 || axis > moved[i - 1])) return backend.share(x, shape);
      const out = backend.output(shape);
      const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
      const axes = shape.map((size, i) => ({ size, a: from[perm[i]], b: to[i] }));
      copy(backend.values(x), 0, out.values, 0, inLongRuns(axes));
      return out;
    },
  );

  registerMove<tf.TileInputs, tf.TileAttrs>(
    tf.Tile,
    ({ inputs: { x }, attrs: { reps }, backend }) => {
      const shape = x.shape.map((size, i) => size * reps[i]);
      const out = backend.output(shape);
      const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
      const axes = x.shape.flatMap((size, i) => [
        { size: reps[i], a: 0, b: to[i] * size },
        { size, a: from[i], b: to[i] },
      ]);
      copy(backend.values(x), 0, out.values, 0, axes);
      return out;
    },
  );
}

/** Registers a kernel for float32. For other types, the kernel of the cpu backend stays. */
function registerMove<Inputs, Attrs>(kernelName: string, kernel: SimdKernel<Inputs, Attrs>): void {
  registerWhere<Inputs, Attrs>(kernelName, areFloats, kernel);
}

function slice(
  x: tf.TensorInfo,
  begin: number[],
  size: number[],
  backend: SimdBackend,
): tf.TensorInfo {
  const out = backend.output(size);
  const [from, to] = [stridesOf(x.shape), stridesOf(size)];
  const axes = size.map((length, i) => ({ size: length, a: from[i], b: to[i] }));
  copy(backend.values(x), offset(begin, from), out.values, 0, axes);
  return out;
}

/** Copies all of `x` into `out`, beginning at index `begin`. */
function place(x: tf.TensorInfo, out: Output, begin: number[], backend: SimdBackend): void {
  const [from, to] = [stridesOf(x.shape), stridesOf(out.shape)];
  const axes = x.shape.map((length, i) => ({ size: length, a: from[i], b: to[i] }));
  copy(backend.values(x), 0, out.values, offset(begin, to), axes);
}

const offset = (index: number[], strides: number[]) =>
  index.reduce((sum, i, axis) => sum + i * strides[axis], 0);

/** Runs of fewer numbers take longer to begin than to copy. */
const SHORT = 32;

/** Axes to copy in any order: where runs would be short, those along which numbers are read side by side. */
function inLongRuns(axes: Axis[]): Axis[] {
  const last = axes.findLast(({ size }) => size > 1);
  const side = axes.find(({ size, a }) => a === 1 && size >= SHORT);
  if (side === undefined || last === undefined || last.size >= SHORT) return axes;
  return [...axes.filter((axis) => axis !== side), side];
}

function copy(
  from: Float32Array,
  fromStart: number,
  to: Float32Array,
  toStart: number,
  axes: Axis[],
): void {
  eachRun(
    axes,
    (i, j, { size, a, b }) => {
      // A call of the built-in copy costs as much as 32 numbers.
      if (a === 1 && b === 1 && size > 32) to.set(from.subarray(i, i + size), j);
      else for (let n = 0; n < size; n++, i += a, j += b) to[j] = from[i];
    },
    fromStart,
    toStart,
  );
}
