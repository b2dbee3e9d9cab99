import * as tf from '@tensorflow/tfjs-core';
import { repeat } from '../../kernels/ops/index.ts';
import { attentionWeights, forwardWeights, norm, ownWeights, projection } from './block-weights.ts';
import type { Core, CoreFactory } from './core.ts';
import { maskOf, observedTokens, ownTokens } from './core-tokens.ts';
import { MemoryAttention } from './memory-attention.ts';
import { relativeBias } from './relative-bias.ts';

/**
 * The core `full`: every token recurs, and each ponder step adds the encoded observation again,
 *
 *     z ← blocks(norm(z·W + e·U))
 *
 * with the adapter of Huginn (Geiping et al. 2025, arXiv 2502.05171), without which the observation fades from the
 * state. It suits grids and planning: information spreads between tokens from step to step.
 *
 * e·U is the same in every ponder step, so `begin` computes it once. W starts as the identity, so the state persists.
 */
export const fullCore: CoreFactory = (sizes, encoder, parameters, window = 0): Core => {
  const { width, heads, registers, blocks } = sizes;
  const extra = 1 + registers;
  const initial = parameters.normal('initial', [extra, width], 1);
  const tokenNorm = norm(parameters, 'tokens', width);
  const inject = projection(parameters, 'inject', width, width);
  const keep = parameters.identity('keep', width);
  const gain = parameters.constant('adapted', [width], 1);
  const places = encoder.places && [
    ...Array.from({ length: extra }, () => undefined),
    ...encoder.places,
  ];
  const stack = Array.from({ length: blocks }, (_, i) => {
    const scope = parameters.scope(`block${i}`);
    const attention = attentionWeights(scope.scope('attention'), sizes);
    const own = ownWeights(scope, sizes, 'key', 'value');
    const forward = forwardWeights(scope.scope('forward'), sizes);
    const bias = places && relativeBias(scope, places, heads);
    return { weights: { ...attention, ...forward, ...own }, bias };
  });
  const past =
    window > 0 ? new MemoryAttention(parameters.scope('memory'), sizes, window) : undefined;

  return {
    burnInSteps: 0,
    tokens: [...ownTokens(registers), ...observedTokens(encoder)],
    begin(tokens, present, entry) {
      const first = repeat(initial, tokens.shape[0]) as tf.Tensor3D;
      const own = past && entry ? past.withEntry(first, entry) : first;
      const all = tf.concat([own, tokenNorm(tokens) as tf.Tensor3D], 1);
      const shared = stack.flatMap(({ bias }) => (bias ? [bias()] : []));
      const context: tf.Tensor[] = [inject(all)];
      if (present) context.push(maskOf(present, extra, 0));
      return { z: all, context, shared };
    },
    remember: (entries) => past?.tables(entries) ?? [],
    loop: ({ context, shared, memory }) => ({
      gain,
      heads,
      mix: { keep, inject: context[0] },
      mask: context[1],
      ranges: memory?.ranges,
      blocks: stack.map(({ weights }, i) => ({
        weights,
        bias: shared[i],
        memory: past?.of(memory, i),
      })),
    }),
  };
};
