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
 * z_0 is a first look: learned tokens that have attended once to the observation (a step of its own
 * weights), so that step 1 already knows what is asked.
 */
export const latentCore: CoreFactory = (sizes, _encoder, parameters): Core => {
  const { width, registers, blocks } = sizes;
  const recurrent = 1 + registers;
  const initial = parameters.normal('initial', [recurrent, width], 1);
  const tokenNorm = norm(parameters, 'tokens', width);
  const stateNorm = norm(parameters, 'state', width);
  const look = crossBlock(parameters.scope('look'), sizes);
  const stack = Array.from({ length: blocks }, (_, i) =>
    crossBlock(parameters.scope(`block${i}`), sizes),
  );

  return {
    begin(tokens) {
      const batch = tokens.shape[0];
      const e = tokenNorm(tokens) as tf.Tensor3D;
      const z = tf.add(tf.zeros([batch, recurrent, width]), initial) as tf.Tensor3D;
      return {
        z: look.apply(z, look.keysAndValues(e)),
        context: stack.flatMap((block) => block.keysAndValues(e)),
        shared: [],
      };
    },
    step({ z, context }) {
      return stack.reduce(
        (x, block, i) => block.apply(x, [context[2 * i], context[2 * i + 1]]),
        stateNorm(z) as tf.Tensor3D,
      );
    },
  };
};

/** Attention to keys and values of the observation, then feed-forward. */
function crossBlock(parameters: Parameters, sizes: CoreSizes) {
  const { width } = sizes;
  const attention = attend(parameters.scope('attention'), sizes);
  const forward = feedForward(parameters.scope('forward'), sizes);
  const key = projection(parameters, 'key', width, width);
  const value = projection(parameters, 'value', width, width);
  return {
    keysAndValues: (e: tf.Tensor3D): tf.Tensor[] => [key(e), value(e)],
    apply: (x: tf.Tensor3D, [k, v]: tf.Tensor[]): tf.Tensor3D =>
      forward(attention(x, () => ({ k: k as tf.Tensor3D, v: v as tf.Tensor3D }))),
  };
}
