import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { Rng } from '../../src/kernels/index.ts';

export type Fn = (...args: tf.Tensor[]) => tf.Tensor;

export interface Numbers {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** Standard normal numbers in that shape, always the same for a label. */
export function normal(label: string, ...shape: number[]): Numbers {
  const rng = Rng.seed(7, label);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, values: Float32Array.from({ length: size }, () => rng.normal()) };
}

export const toTensor = ({ shape, values }: Numbers) => tf.tensor(values.slice(), shape, 'float32');

/** Value, and gradients of `Σ f · dy`, on the current backend. */
export async function evaluate(f: Fn, args: Numbers[]): Promise<Numbers[]> {
  const inputs = args.map(toTensor);
  const value = tf.tidy(() => f(...inputs));
  const dy = toTensor(normal('dy', ...value.shape));
  const grads = tf.grads((...xs: tf.Tensor[]) => f(...xs))(inputs, dy);
  const results = [value, ...grads];
  const arrays = await Promise.all(
    results.map(async (t) => ({ shape: t.shape, values: await t.data<'float32'>() })),
  );
  tf.dispose([...inputs, dy, ...results]);
  return arrays;
}

/** Central differences of `Σ f · dy` in every number of every argument. */
export async function finiteDifferences(f: Fn, args: Numbers[], h = 1e-2): Promise<Numbers[]> {
  const objective = async (xs: Numbers[]) => {
    const y = tf.tidy(() => f(...xs.map(toTensor)));
    const dy = normal('dy', ...y.shape).values;
    const values = await y.data<'float32'>();
    y.dispose();
    return values.reduce((sum, value, i) => sum + value * dy[i], 0);
  };
  const gradients: Numbers[] = [];
  for (const [i, arg] of args.entries()) {
    const values = new Float32Array(arg.values.length);
    for (let k = 0; k < values.length; k++) {
      const moved = (by: number) => {
        const copy = arg.values.slice();
        copy[k] += by;
        return args.with(i, { shape: arg.shape, values: copy });
      };
      values[k] = ((await objective(moved(h))) - (await objective(moved(-h)))) / (2 * h);
    }
    gradients.push({ shape: arg.shape, values });
  }
  return gradients;
}

/** Same shapes, and numbers within `tolerance` of the largest expected one (or of 1). */
export function expectClose(actual: Numbers[], expected: Numbers[], tolerance = 1e-5): void {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [i, { values }] of expected.entries()) {
    const scale = values.reduce((max, x) => Math.max(max, Math.abs(x)), 1);
    let worst = 0;
    for (let k = 0; k < values.length; k++) {
      const difference = Math.abs(actual[i].values[k] - values[k]);
      worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    expect(worst / scale, `result ${i}: largest relative difference`).toBeLessThan(tolerance);
  }
}
