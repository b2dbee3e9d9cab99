import * as tf from '@tensorflow/tfjs-core';
// Imported for its effect: it registers tfjs's gradients, and is the smallest package that does so and loads in Node.js.
import '@tensorflow/tfjs-layers';
import { repairEdges } from './gradients-pool.ts';

/** Kernels with gradient 0: their output stays the same when an input changes a little. */
const STEPS = [
  ...[tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual, tf.Equal, tf.NotEqual],
  // tfjs has the gradient of a plain division for it.
  tf.FloorDiv,
];

/** tfjs has gradients of these for equal shapes only: it does not sum over the axes along which an input was broadcast. */
const BROADCAST = [tf.Maximum, tf.Minimum, tf.SquaredDifference, tf.BatchMatMul];

/** tfjs's gradient of MirrorPad is wrong, and that of Prod fails. Without a gradient, tfjs throws and names the kernel. */
const REFUSED = [tf.MirrorPad, tf.Prod];

let repaired = false;

/**
 * Repairs tfjs's gradients on every backend: adds missing ones, corrects wrong ones, and completes those that work for
 * some attributes only. Where a gradient is still wrong, asking for it throws an error that names the kernel.
 */
export function repairGradients(): void {
  if (repaired) return;
  repaired = true;
  for (const kernelName of STEPS)
    replace({ kernelName, inputsToSave: ['a', 'b'], gradFunc: zeros });
  for (const kernelName of BROADCAST) {
    wrap(kernelName, (gradFunc) => (dy, saved, attrs) => {
      const { a, b } = gradFunc(dy, saved, attrs);
      const [ofA, ofB] = saved;
      return { a: () => sumTo(ofA.shape, a()), b: () => sumTo(ofB.shape, b()) };
    });
  }
  for (const kernelName of REFUSED) tf.unregisterGradient(kernelName);
  replace({ kernelName: tf.Cumsum, gradFunc: cumsum });
  for (const kernelName of [tf.AvgPool, tf.AvgPool3D]) {
    wrap(
      kernelName,
      (gradFunc) => (dy, saved, attrs) =>
        gradFunc(edgeIsRight() ? dy : repairEdges(dy as tf.Tensor, saved[0], attrs), saved, attrs),
    );
  }
  for (const kernelName of [tf.ResizeBilinear, tf.ResizeNearestNeighbor]) {
    refuseWhere(kernelName, 'halfPixelCenters', (_, attrs) => attrs.halfPixelCenters === true);
  }
  refuseWhere(tf.GatherV2, 'batchDims', (_, attrs) => attrs.batchDims !== 0);
  refuseWhere(tf.BatchMatMul, 'batches that both repeat', ([a, b]) => !endsAlike(a, b));
}

/** Whether the current backend divides by the size of a window's part inside the input, as libtensorflow does. */
const edgeIsRight = () => tf.getBackend() === 'tensorflow';

function replace(gradient: tf.GradConfig): void {
  if (tf.getGradient(gradient.kernelName)) tf.unregisterGradient(gradient.kernelName);
  tf.registerGradient(gradient);
}

type GradFunc = (
  dy: tf.Tensor | tf.Tensor[],
  saved: tf.Tensor[],
  attrs: tf.NamedAttrMap,
) => Record<string, () => tf.Tensor>;

/** Replaces a gradient by a function of it. */
function wrap(kernelName: string, change: (gradFunc: GradFunc) => GradFunc): void {
  const original = tf.getGradient(kernelName);
  replace({ ...original, gradFunc: change(original.gradFunc as GradFunc) });
}

function refuseWhere(
  kernelName: string,
  condition: string,
  wrong: (saved: tf.Tensor[], attrs: tf.NamedAttrMap) => boolean,
): void {
  wrap(kernelName, (gradFunc) => (dy, saved, attrs) => {
    if (!wrong(saved, attrs)) return gradFunc(dy, saved, attrs);
    throw new Error(`Cannot compute gradient: tfjs has none of ${kernelName} with ${condition}.`);
  });
}

/** Whether one batch shape is the end of the other. Only then is tfjs's product right: it repeats the smaller batch. */
function endsAlike(a: tf.Tensor, b: tf.Tensor): boolean {
  const batches = [a, b].map(({ shape }) => withoutLeadingOnes(shape.slice(0, -2)));
  const [short, long] = batches.sort((x, y) => x.length - y.length);
  return short.every((size, i) => size === long.at(i - short.length));
}

function withoutLeadingOnes(shape: number[]): number[] {
  return shape[0] === 1 ? withoutLeadingOnes(shape.slice(1)) : shape;
}

function zeros(_dy: tf.Tensor | tf.Tensor[], [a, b]: tf.Tensor[]) {
  return { a: () => tf.zerosLike(a), b: () => tf.zerosLike(b) };
}

/** The sum of `x` over the axes along which a tensor of this shape was broadcast. */
function sumTo(shape: number[], x: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return axes.length > 0 ? tf.reshape(tf.sum(x, axes), shape) : x;
}

/** tfjs's own gradient transposes the result if the axis is not the last. */
function cumsum(dy: tf.Tensor | tf.Tensor[], _saved: tf.Tensor[], attrs: tf.NamedAttrMap) {
  const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
  return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
}
