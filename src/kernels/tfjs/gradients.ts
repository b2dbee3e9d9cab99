import * as tf from '@tensorflow/tfjs-core';
// Imported for its effect: of tfjs's packages that load in Node, it is the small one that registers the gradients.
import '@tensorflow/tfjs-layers';
import { edgesMended } from './gradients-pool.ts';

/** Kernels whose output stays the same where an input moves a little. */
const STEPS = [
  ...[tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual, tf.Equal, tf.NotEqual],
  // tfjs gives it the gradient of a plain division.
  tf.FloorDiv,
];

/** tfjs has their gradients, but for equal shapes only: it forgets to sum where an input was broadcast. */
const BROADCAST = [tf.Maximum, tf.Minimum, tf.SquaredDifference, tf.BatchMatMul];

/** Without a gradient tfjs refuses by name. Of these its own is wrong (MirrorPad), or fails (Prod). */
const REFUSED = [tf.MirrorPad, tf.Prod];

let mended = false;

/**
 * Mends tfjs's gradients, on every backend: those that it lacks without need, has wrong, or has for some
 * attributes only. What is then still wrong is refused as it is asked for, with a message that names it.
 */
export function mendGradients(): void {
  if (mended) return;
  mended = true;
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
        gradFunc(edgeIsRight() ? dy : edgesMended(dy as tf.Tensor, saved[0], attrs), saved, attrs),
    );
  }
  for (const kernelName of [tf.ResizeBilinear, tf.ResizeNearestNeighbor]) {
    refuseWhere(kernelName, 'halfPixelCenters', (_, attrs) => attrs.halfPixelCenters === true);
  }
  refuseWhere(tf.GatherV2, 'batchDims', (_, attrs) => attrs.batchDims !== 0);
  refuseWhere(tf.BatchMatMul, 'batches that both repeat', ([a, b]) => !endsAlike(a, b));
}

/** Whether the current backend divides by how much of a window lies within, as libtensorflow does. */
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

/** Puts a function of the gradient in its place. */
function wrap(kernelName: string, change: (gradFunc: GradFunc) => GradFunc): void {
  const original = tf.getGradient(kernelName);
  replace({ ...original, gradFunc: change(original.gradFunc as GradFunc) });
}

function refuseWhere(
  kernelName: string,
  what: string,
  wrong: (saved: tf.Tensor[], attrs: tf.NamedAttrMap) => boolean,
): void {
  wrap(kernelName, (gradFunc) => (dy, saved, attrs) => {
    if (!wrong(saved, attrs)) return gradFunc(dy, saved, attrs);
    throw new Error(`Cannot compute gradient: tfjs has none of ${kernelName} with ${what}.`);
  });
}

/** Whether one batch is the end of the other: tfjs's product runs through the smaller again and again. */
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

/** The sum of `x` over the axes along which a tensor of that shape was broadcast. */
function sumTo(shape: number[], x: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return axes.length > 0 ? tf.reshape(tf.sum(x, axes), shape) : x;
}

/** tfjs transposes the result where the axis is not the last, which shows only if the shape changes. */
function cumsum(dy: tf.Tensor | tf.Tensor[], _saved: tf.Tensor[], attrs: tf.NamedAttrMap) {
  const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
  return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
}
