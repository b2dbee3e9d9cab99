import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, float, int, pointer } from '../runtime/define-kernel.ts';
import { areFloats, registerWhere } from '../runtime/register.ts';

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
  registerWhere<tf.ReluInputs, object>(tf.Relu, areFloats, ({ inputs: { x }, backend }) => {
    const y = backend.output(x.shape);
    backend.pool.run(relu, { y: y.address, x: backend.address(x), n: y.values.length });
    return y;
  });
  registerWhere<tf.StepInputs, tf.StepAttrs>(tf.Step, areFloats, (args) => {
    const { inputs, attrs, backend } = args;
    const y = backend.output(inputs.x.shape);
    const x = backend.address(inputs.x);
    backend.pool.run(step, { y: y.address, x, n: y.values.length, alpha: attrs.alpha });
    return y;
  });
}
