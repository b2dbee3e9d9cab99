import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineHalting, haltTerms, logHalt } from '../../src/policy/index.ts';

/**
 * A halting rule from outside: it draws as `bernoulli` does and learns to halt with the chance that its config asks
 * for, by the cross-entropy −Σ (chance·ln halt + (1 − chance)·ln(1 − halt)) over all ponder steps.
 */
export const toyHalting = defineHalting({
  name: 'toy',
  summary: 'drawn with a chance that the config asks for',
  fields: {
    chance: z.number().min(0).max(1).default(0.5).describe('The chance that the rule toy learns.'),
  },
  statistics: { surprise: 'cross-entropy of halting, in nats a ponder step' },
  explain: ({ chance, minSteps }) =>
    chance === 1 && minSteps > 1
      ? { field: 'chance', message: 'expected less than 1 where minSteps is more than 1' }
      : undefined,
  rule: () => ({ halts: ({ halt }, rng) => rng.float() < halt }),
  loss: ({ chance, floor }) => ({
    depth: 'sampled',
    gather: () => ({
      byTensors({ logits, logProbs, entropies }) {
        const { act, think } = logHalt(logits, floor);
        const haltLoss = tf.neg(tf.add(tf.mul(act, chance), tf.mul(think, 1 - chance)));
        return {
          ...{ logProb: logProbs, entropy: entropies, haltLoss },
          ...{ haltEntropy: tf.scalar(0), haltKl: tf.scalar(0), off: tf.scalar(0) },
          statistics: [tf.mean(haltLoss) as tf.Scalar],
        };
      },
      byRows({ logits, logProbs }) {
        let haltLoss = 0;
        const haltSlopes = logits.map((logit) => {
          const terms = haltTerms(logit, floor);
          haltLoss -= chance * terms.act + (1 - chance) * terms.think;
          return -chance * terms.actSlope - (1 - chance) * terms.thinkSlope;
        });
        const statistics = [haltLoss / logits.length];
        return {
          ...{ logProb: logProbs, haltLoss, haltSlopes, statistics },
          ...{ haltEntropy: 0, haltKl: 0, off: 0 },
        };
      },
    }),
  }),
});
