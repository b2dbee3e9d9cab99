import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, float, int, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel, simdKernel } from '../runtime/register.ts';

export const relu = defineKernel('relu', {
  args: { y: pointer('[n]'), x: pointer('[n]'), n: int() },
  split: { by: 'share', over: 'n' },
  work: ({ n }) => n,
});

export const step = defineKernel('step', {
  args: { y: pointer('[n]'), x: pointer('[n]'), n: int(), alpha: float('where x <= 0') },
  split: { by: 'share', over: 'n' },
  work: ({ n }) => n,
});

/** `tf.relu`, and `tf.step`, of which tfjs makes its gradient. Signs cannot be predicted, so loops with branches are slow. */
export function register(): void {
  const cpuRelu = simdKernel<tf.ReluInputs, object>(tf.Relu);
  registerSimdKernel<tf.ReluInputs, object>(tf.Relu, (args) => {
    const { inputs, backend } = args;
    const { x } = inputs;
    if (x.dtype !== 'float32') return cpuRelu(args);
    const y = backend.output(x.shape);
    backend.pool.run(relu, { y: y.address, x: backend.address(x), n: y.values.length });
    return y;
  });

  const cpuStep = simdKernel<tf.StepInputs, tf.StepAttrs>(tf.Step);
  registerSimdKernel<tf.StepInputs, tf.StepAttrs>(tf.Step, (args) => {
    const { inputs, attrs, backend } = args;
    const { x } = inputs;
    if (x.dtype !== 'float32') return cpuStep(args);
    const y = backend.output(x.shape);
    const words = { y: y.address, x: backend.address(x), n: y.values.length, alpha: attrs.alpha };
    backend.pool.run(step, words);
    return y;
  });
}
