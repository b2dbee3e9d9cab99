import * as tf from '@tensorflow/tfjs-core';

/** How windows lie along one axis. */
interface Axis {
  /** Numbers of the input, and of the output. */
  readonly size: number;
  readonly out: number;
  readonly window: number;
  readonly stride: number;
  readonly before: number;
}

/**
 * The gradient that tfjs's AvgPoolGrad and AvgPool3DGrad take to the right result: they divide by the size
 * of the window, also where it hangs over the edge and the mean was of fewer numbers.
 *
 * @param dy [B, …, C]
 * @param x what was pooled [B, …, C]
 */
export function edgesMended(dy: tf.Tensor, x: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor {
  const axes = x.rank === 5 ? axesOf3D(x, attrs) : axesOf2D(x, attrs);
  return axes.reduce((result, axis, i) => {
    const shape = dy.shape.map((size, place) => (place === i + 1 ? size : 1));
    return tf.mul(result, tf.tensor(shares(axis), shape));
  }, dy);
}

/** The size of each window ÷ how much of it lies within. */
function shares({ size, out, window, stride, before }: Axis): Float32Array {
  return Float32Array.from({ length: out }, (_, i) => {
    const begin = i * stride - before;
    return window / (Math.min(begin + window, size) - Math.max(begin, 0));
  });
}

function axesOf2D(x: tf.Tensor, attrs: tf.NamedAttrMap): Axis[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPoolAttrs;
  const shape = x.shape as [number, number, number, number];
  const of = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left } = of.padInfo;
  return [
    axis(of.inHeight, of.outHeight, of.filterHeight, of.strideHeight, top),
    axis(of.inWidth, of.outWidth, of.filterWidth, of.strideWidth, left),
  ];
}

function axesOf3D(x: tf.Tensor, attrs: tf.NamedAttrMap): Axis[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPool3DAttrs;
  const shape = x.shape as [number, number, number, number, number];
  const of = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { front, top, left } = of.padInfo;
  return [
    axis(of.inDepth, of.outDepth, of.filterDepth, of.strideDepth, front),
    axis(of.inHeight, of.outHeight, of.filterHeight, of.strideHeight, top),
    axis(of.inWidth, of.outWidth, of.filterWidth, of.strideWidth, left),
  ];
}

const axis = (size: number, out: number, window: number, stride: number, before: number): Axis => ({
  size,
  out,
  window,
  stride,
  before,
});
