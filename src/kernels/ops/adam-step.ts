import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './fused.ts';

/** Name of the fused kernel, where a backend has it. */
export const ADAM = 'PonderaAdam';

export interface AdamTensors {
  variables: readonly tf.Variable[];
  /** One for each variable, of the same size. */
  gradients: readonly tf.Tensor[];
  /** Moments of all variables, end to end: means of the gradients, and of their squares. */
  m: tf.Tensor1D;
  v: tf.Tensor1D;
}

export interface AdamNumbers {
  beta1: number;
  beta2: number;
  epsilon: number;
  learningRate: number;
  maxGradNorm: number;
  /** t, counted from 1. */
  step: number;
}

/**
 * One step of Adam:
 *
 * `g ← g · min(1, maxGradNorm / ‖g‖)`, `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `p ← p − lr · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)`.
 *
 * Sets the variables. Sets the moments in place, or returns the new ones. If the norm is not finite, changes nothing.
 */
export async function adamStep(
  tensors: AdamTensors,
  numbers: AdamNumbers,
): Promise<{ gradNorm: number; moments?: { m: Float32Array; v: Float32Array } }> {
  return hasKernel(ADAM) ? fused(tensors, numbers) : composite(tensors, numbers);
}

async function composite({ variables, gradients, m, v }: AdamTensors, numbers: AdamNumbers) {
  const copies = (list: readonly tf.Tensor[]) =>
    Promise.all(list.map(async (tensor) => (await tensor.data<'float32'>()).slice()));
  const [parameters, g, [mean, square]] = await Promise.all([
    copies(variables),
    copies(gradients),
    copies([m, v]),
  ]);
  const { beta1, beta2, epsilon, learningRate, maxGradNorm, step } = numbers;
  let squares = 0;
  for (const values of g) for (const x of values) squares += x * x;
  const gradNorm = Math.sqrt(squares);
  if (!Number.isFinite(gradNorm)) return { gradNorm };
  const scale = gradNorm > maxGradNorm ? maxGradNorm / gradNorm : 1;
  const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
  let k = 0;
  for (const [i, values] of parameters.entries()) {
    for (let j = 0; j < values.length; j++, k++) {
      const x = g[i][j] * scale;
      mean[k] = beta1 * mean[k] + (1 - beta1) * x;
      square[k] = beta2 * square[k] + (1 - beta2) * x * x;
      const root = Math.sqrt(square[k] / correction2);
      values[j] -= (learningRate * (mean[k] / correction1)) / (root + epsilon);
    }
    const { shape } = variables[i];
    tf.tidy(() => variables[i].assign(tf.tensor(values, shape, 'float32')));
  }
  return { gradNorm, moments: { m: mean, v: square } };
}

function fused({ variables, gradients, m, v }: AdamTensors, numbers: AdamNumbers) {
  const inputs: Record<string, tf.Tensor> = { m, v };
  variables.forEach((variable, i) => {
    inputs[`p${i}`] = variable;
    inputs[`g${i}`] = gradients[i];
  });
  const norm = runKernel<tf.Tensor>(ADAM, inputs, { ...numbers });
  const [gradNorm] = norm.dataSync();
  norm.dispose();
  return { gradNorm };
}
