import * as tf from '@tensorflow/tfjs-core';

/** How the windows of a pool lie along one axis. */
interface Axis {
  /** Size of the input. */
  readonly size: number;
  /** Size of the output. */
  readonly out: number;
  readonly window: number;
  readonly stride: number;
  /** Padding before the first number. */
  readonly before: number;
}

/**
 * Scales dy so that tfjs's AvgPoolGrad and AvgPool3DGrad give the right result. They divide by the size of the window,
 * even where it reaches beyond the edge, so that the mean was of fewer numbers.
 *
 * @param dy gradient of the pool's output [B, …, C]
 * @param x input of the pool [B, …, C]
 */
export function repairEdges(dy: tf.Tensor, x: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor {
  const axes = x.rank === 5 ? axesOf3D(x, attrs) : axesOf2D(x, attrs);
  return axes.reduce((result, axis, i) => {
    const shape = dy.shape.map((size, place) => (place === i + 1 ? size : 1));
    return tf.mul(result, tf.tensor(shares(axis), shape));
  }, dy);
}

/** The size of each window, divided by the size of its part inside the input. */
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
