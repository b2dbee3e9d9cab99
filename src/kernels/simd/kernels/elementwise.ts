import * as tf from '@tensorflow/tfjs-core';
import { functionFrom } from '../runtime/function-from.ts';
import { registerSimdKernel, type SimdKernel, simdKernel } from '../runtime/register.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { eachRun, stridesOf } from '../runtime/strides.ts';

const unary: Record<string, string> = {
  [tf.Abs]: 'Math.abs(p)',
  [tf.Exp]: 'Math.exp(p)',
  [tf.Log]: 'Math.log(p)',
  [tf.Neg]: '-p',
  [tf.Rsqrt]: '1 / Math.sqrt(p)',
  [tf.Sigmoid]: '1 / (1 + Math.exp(-p))',
  [tf.Sqrt]: 'Math.sqrt(p)',
  [tf.Square]: 'p * p',
  [tf.Tanh]: 'Math.tanh(p)',
};

const binary: Record<string, string> = {
  [tf.Maximum]: 'Math.max(p, q)',
  [tf.Minimum]: 'Math.min(p, q)',
  [tf.Multiply]: 'p * q',
  [tf.RealDiv]: 'p / q',
  [tf.Sub]: 'p - q',
};

type Unary = (x: Float32Array, y: Float32Array) => void;
/** `y[yFrom + i] = f(a[aFrom + i · aStep], b[bFrom + i · bStep])` for `i < n`. */
type Binary = (
  a: Float32Array,
  aFrom: number,
  aStep: number,
  b: Float32Array,
  bFrom: number,
  bStep: number,
  y: Float32Array,
  yFrom: number,
  n: number,
) => void;

/**
 * Functions of each number of float32 tensors. Each has a loop of its own, which is made from text: in a loop that all
 * functions shared, V8 would call the function for every number, as it does in tfjs's cpu backend. Where a page may not make
 * functions from text, the kernels stay those of the cpu backend.
 */
export function register(): void {
  for (const [kernelName, expression] of Object.entries(unary)) {
    registerUnary(kernelName, expression);
  }
  for (const [kernelName, expression] of Object.entries(binary)) {
    registerBinary(kernelName, expression);
  }
}

function registerUnary(kernelName: string, expression: string): void {
  const cpu = simdKernel<tf.UnaryInputs, object>(kernelName);
  const loop = functionFrom<Unary>(
    ...['x', 'y'],
    `for (let i = 0; i < y.length; i++) { const p = x[i]; y[i] = ${expression}; }`,
  );
  if (!loop) return;
  registerSimdKernel<tf.UnaryInputs, object>(kernelName, (args) => {
    const { inputs, backend } = args;
    if (inputs.x.dtype !== 'float32') return cpu(args);
    const out = backend.output(inputs.x.shape);
    loop(backend.values(inputs.x), out.values);
    return out;
  });
}

/** Registers a function of two numbers, p and q; returns the kernel. */
export function registerBinary(
  kernelName: string,
  expression: string,
): SimdKernel<tf.BinaryInputs, tf.NamedAttrMap> {
  const cpu = simdKernel<tf.BinaryInputs, tf.NamedAttrMap>(kernelName);
  const loop = functionFrom<Binary>(
    ...['a', 'i', 'aStep', 'b', 'j', 'bStep', 'y', 'k', 'n'],
    `for (const end = k + n; k < end; k++, i += aStep, j += bStep) {
       const p = a[i], q = b[j];
       y[k] = ${expression};
     }`,
  );
  if (!loop) return cpu;
  const kernel: SimdKernel<tf.BinaryInputs, tf.NamedAttrMap> = (args) => {
    const { a, b } = args.inputs;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return cpu(args);
    return broadcast(loop, a, b, args.backend);
  };
  registerSimdKernel(kernelName, kernel);
  return kernel;
}

function broadcast(
  loop: Binary,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  backend: SimdBackend,
): tf.TensorInfo {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const out = backend.output(shape);
  const [aValues, bValues] = [backend.values(a), backend.values(b)];
  const [aSteps, bSteps] = [broadcastSteps(shape, a.shape), broadcastSteps(shape, b.shape)];
  const axes = shape.map((size, i) => ({ size, a: aSteps[i], b: bSteps[i] }));
  let to = 0;
  eachRun(axes, (i, j, run) => {
    loop(aValues, i, run.a, bValues, j, run.b, out.values, to, run.size);
    to += run.size;
  });
  return out;
}

/** The strides of an input along the axes of the result; 0 where the input repeats. */
function broadcastSteps(shape: number[], own: number[]): number[] {
  const missing = shape.length - own.length;
  const strides = stridesOf(own).map((stride, i) => (own[i] === 1 ? 0 : stride));
  return [...Array<number>(missing).fill(0), ...strides];
}
