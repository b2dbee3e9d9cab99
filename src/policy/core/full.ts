import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../../kernels/index.ts';
import { attend, feedForward, norm, projection } from './block.ts';
import type { Core, CoreFactory } from './core.ts';
import { relativeBias } from './relative-bias.ts';

/**
 * The `full` form: every token recurs, and the encoded observation is injected at every step,
 * z ← blocks(norm(z W + e U)) (Huginn's adapter; without it a looped core forgets what it is
 * thinking about). What grids and planning want: information spreads between tokens step by step.
 *
 * e U is the same at every step, so it is made once. W begins as the identity: the state persists.
 */
export const fullCore: CoreFactory = (sizes, encoder, parameters): Core => {
  const { width, registers, blocks } = sizes;
  const extra = 1 + registers;
  const initial = parameters.normal('initial', [extra, width], 1);
  const tokenNorm = norm(parameters, 'tokens', width);
  const inject = projection(parameters, 'inject', width, width);
  const keep = parameters.identity('keep', width);
  const adapted = norm(parameters, 'adapted', width);
  const places = encoder.places && [
    ...Array.from({ length: extra }, () => undefined),
    ...encoder.places,
  ];
  const stack = Array.from({ length: blocks }, (_, i) => {
    const scope = parameters.scope(`block${i}`);
    return {
      attention: attend(scope.scope('attention'), sizes),
      key: projection(scope, 'key', width, width),
      value: projection(scope, 'value', width, width),
      forward: feedForward(scope.scope('forward'), sizes),
      bias: places && relativeBias(scope, places, sizes.heads),
    };
  });

  return {
    begin(tokens) {
      const batch = tokens.shape[0];
      const own = tf.add(tf.zeros([batch, extra, width]), initial) as tf.Tensor3D;
      const all = tf.concat([own, tokenNorm(tokens) as tf.Tensor3D], 1);
      const shared = stack.flatMap(({ bias }) => (bias ? [bias()] : []));
      return { z: all, context: [inject(all)], shared };
    },
    step({ z, context, shared }) {
      const mixed = adapted(tf.add(linear(z, keep as tf.Tensor2D), context[0])) as tf.Tensor3D;
      return stack.reduce((x, { attention, key, value, forward }, i) => {
        const own = (normed: tf.Tensor3D) => ({
          k: key(normed) as tf.Tensor3D,
          v: value(normed) as tf.Tensor3D,
        });
        return forward(attention(x, own, shared[i] as tf.Tensor3D | undefined));
      }, mixed);
    },
  };
};
