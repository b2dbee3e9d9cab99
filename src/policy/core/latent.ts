import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../parameters.ts';
import { attend, type CoreSizes, feedForward, norm, projection } from './block.ts';
import type { Core, CoreFactory } from './core.ts';

/**
 * The `latent` form: a readout and a few registers recur, cross-attending to the observation, whose
 * keys and values are made once a decision. One ponder step costs the same however many tokens
 * there are to project, and follows one link between them.
 *
 * The state is normalised as a step begins, so that old thoughts fade against new ones and depth
 * never blows it up.
 *
 * z_0 is a first look: the core applied once to learned tokens, so that step 1 already knows what is
 * asked. A look with weights of its own learned to gather the whole observation at once, and the steps
 * after it to read that off instead of following links (docs/learning.md).
 *
 * There is no bias by place here, so tokens that lie on a grid are given a learned position each:
 * on grids, this form reads one size.
 */
export const latentCore: CoreFactory = (sizes, encoder, parameters): Core => {
  const { width, registers, blocks } = sizes;
  const recurrent = 1 + registers;
  const initial = parameters.normal('initial', [recurrent, width], 1);
  const tokenNorm = norm(parameters, 'tokens', width);
  const positions = encoder.places && parameters.normal('positions', [encoder.tokens, width], 0.5);
  const stateNorm = norm(parameters, 'state', width);
  const stack = Array.from({ length: blocks }, (_, i) => {
    const scope = parameters.scope(`block${i}`);
    return {
      key: projection(scope, 'key', width, width),
      value: projection(scope, 'value', width, width),
      apply: crossBlock(scope, sizes),
    };
  });
  const step = (z: tf.Tensor3D, context: tf.Tensor[]) =>
    stack.reduce(
      (x, block, i) => block.apply(x, context.slice(2 * i)),
      stateNorm(z) as tf.Tensor3D,
    );

  return {
    begin(tokens) {
      const batch = tokens.shape[0];
      const normed = tokenNorm(tokens) as tf.Tensor3D;
      const e: tf.Tensor3D = positions ? tf.add(normed, positions) : normed;
      const z = tf.add(tf.zeros([batch, recurrent, width]), initial) as tf.Tensor3D;
      const context = stack.flatMap(({ key, value }) => [key(e), value(e)]);
      return { z: step(z, context), context, shared: [] };
    },
    step({ z, context }) {
      return step(z, context);
    },
  };
};

/**
 * Attention to given keys and values of the observation, then feed-forward. With registers, recurrent tokens
 * attend to one another too: nothing of a register reached the readout otherwise.
 */
function crossBlock(parameters: Parameters, sizes: CoreSizes) {
  const { width, registers } = sizes;
  const attention = attend(parameters.scope('attention'), sizes);
  const forward = feedForward(parameters.scope('forward'), sizes);
  const own = registers > 0 && {
    key: projection(parameters, 'ownKey', width, width),
    value: projection(parameters, 'ownValue', width, width),
  };
  return (x: tf.Tensor3D, [k, v]: tf.Tensor[]): tf.Tensor3D => {
    const context = (normed: tf.Tensor3D) => ({
      k: (own ? tf.concat([k, own.key(normed)], 1) : k) as tf.Tensor3D,
      v: (own ? tf.concat([v, own.value(normed)], 1) : v) as tf.Tensor3D,
    });
    return forward(attention(x, context));
  };
}
