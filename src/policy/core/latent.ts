import * as tf from '@tensorflow/tfjs-core';
import { type BlockWeights, type Loop, repeat } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import {
  attentionWeights,
  type CoreSizes,
  forwardWeights,
  norm,
  ownWeights,
  projection,
} from './block-weights.ts';
import type { Core, CoreFactory, Thought } from './core.ts';
import { maskOf, observedTokens, ownTokens } from './core-tokens.ts';
import { MemoryAttention } from './memory-attention.ts';

/**
 * The core `latent`: a readout and a few registers recur, and attend to the tokens of the observation, whose keys and
 * values `begin` computes once. A ponder step projects no token again, and follows one link between tokens.
 *
 * The state is normalized as a step begins, so that old thoughts fade against new ones and depth
 * never blows it up.
 *
 * z_0 is the core applied once to learned tokens, so that the first ponder step knows the question. With weights of its
 * own, this first application learned to gather the whole observation, and the ponder steps to read the result instead
 * of following links (docs/learning.md).
 *
 * It has no attention bias by place. Tokens on a grid get a learned position each, unless they have one, so a policy
 * reads grids of one size.
 */
export const latentCore: CoreFactory = (sizes, encoder, parameters, window = 0): Core => {
  const { width, heads, registers, blocks } = sizes;
  const recurrent = 1 + registers;
  const initial = parameters.normal('initial', [recurrent, width], 1);
  const tokenNorm = norm(parameters, 'tokens', width);
  const positions =
    encoder.places && !encoder.positioned
      ? parameters.normal('positions', [encoder.tokens, width], 0.5)
      : undefined;
  const gain = parameters.constant('state', [width], 1);
  const stack = Array.from({ length: blocks }, (_, i) => {
    const scope = parameters.scope(`block${i}`);
    return {
      key: projection(scope, 'key', width, width),
      value: projection(scope, 'value', width, width),
      weights: blockWeights(scope, sizes),
    };
  });
  const past =
    window > 0 ? new MemoryAttention(parameters.scope('memory'), sizes, window) : undefined;
  const loop = ({ context, memory }: Omit<Thought, 'z'>): Loop => ({
    gain,
    heads,
    mask: context[2 * stack.length],
    ranges: memory?.ranges,
    blocks: stack.map(({ weights }, i) => ({
      weights,
      context: { k: context[2 * i], v: context[2 * i + 1] },
      memory: past?.of(memory, i),
    })),
  });

  const observed = observedTokens(encoder);
  return {
    burnInSteps: 1,
    tokens: registers > 0 ? [...observed, ...ownTokens(registers)] : observed,
    begin(tokens, present, entry) {
      const normed = tokenNorm(tokens);
      const e = positions ? tf.add(normed, positions) : normed;
      const own = repeat(initial, tokens.shape[0]) as tf.Tensor3D;
      const z = past && entry ? past.withEntry(own, entry) : own;
      const context = stack.flatMap(({ key, value }) => [key(e), value(e)]);
      const mask = present && maskOf(present, 0, registers > 0 ? recurrent : 0);
      return { z, context: mask ? [...context, mask] : context, shared: [] };
    },
    remember: (entries) => past?.tables(entries) ?? [],
    loop,
  };
};

/** With registers, recurrent tokens attend to one another too: nothing of a register reached the readout otherwise. */
function blockWeights(parameters: Parameters, sizes: CoreSizes): BlockWeights {
  const attention = attentionWeights(parameters.scope('attention'), sizes);
  const forward = forwardWeights(parameters.scope('forward'), sizes);
  const own = sizes.registers > 0 && ownWeights(parameters, sizes, 'ownKey', 'ownValue');
  return { ...attention, ...forward, ...own };
}
