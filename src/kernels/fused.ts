import * as tf from '@tensorflow/tfjs-core';

// Kernels of our own, where a backend has them: each does in one pass what a composite defines.
export const ADAM = 'PonderaAdam';
export const ATTENTION = 'PonderaAttention';
export const ATTENTION_GRAD = 'PonderaAttentionGrad';
export const UNROLL = 'PonderaUnroll';
export const UNROLL_GRAD = 'PonderaUnrollGrad';
export const FIELDS = 'PonderaFields';
export const FIELDS_GRAD = 'PonderaFieldsGrad';
export const HEADS = 'PonderaHeads';
export const HEADS_GRAD = 'PonderaHeadsGrad';
export const JOIN_ROWS = 'PonderaJoinRows';
export const LINEAR = 'PonderaLinear';
export const LINEAR_GRAD_X = 'PonderaLinearGradX';
export const LINEAR_GRAD_W = 'PonderaLinearGradW';
export const RMS_NORM = 'PonderaRmsNorm';
export const RMS_NORM_GRAD = 'PonderaRmsNormGrad';

/** Whether the current backend has that kernel. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a kernel that has one output or several. */
export function runKernel<Outputs extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attrs: tf.NamedAttrMap = {},
): Outputs {
  return tf.engine().runKernel<Outputs>(name, inputs, attrs);
}

type Named = Record<string, tf.Tensor>;

/**
 * A kernel with a gradient of its own.
 *
 * @param forward gives the value, then what the gradient needs; where no gradient can be asked for
 *   (`taped` is false), the value alone
 * @param backward gives the gradients by the inputs, in their order
 */
export function differentiable(
  inputs: Named,
  forward: (inputs: Named, taped: boolean) => tf.Tensor | tf.Tensor[],
  backward: (dy: tf.Tensor, inputs: Named, kept: tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  if (!tf.engine().isTapeOn()) return [forward(inputs, false)].flat()[0];
  const names = Object.keys(inputs);
  const named = (tensors: tf.Tensor[]) =>
    Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
  const f = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const given = args as tf.Tensor[];
    const [value, ...kept] = [forward(named(given), true)].flat();
    save([...given, ...kept]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        backward(dy, named(saved), saved.slice(names.length)),
    };
  });
  return f(...Object.values(inputs));
}
