import * as tf from '@tensorflow/tfjs-core';
import type { HaltingTerms } from '../definition.ts';

/**
 * The terms of a rule that learns nothing: the action's alone.
 * @internal
 */
export const noTerms: HaltingTerms = {
  byTensors: ({ logProbs, entropies }) => {
    const zero = tf.scalar(0);
    return {
      ...{ logProb: logProbs, entropy: entropies },
      ...{ haltLoss: zero, haltEntropy: zero, haltKl: zero, off: zero, statistics: [] },
    };
  },
  byRows: ({ logits, logProbs }) => ({
    ...{ logProb: logProbs, haltSlopes: new Float64Array(logits.length) },
    ...{ haltLoss: 0, haltEntropy: 0, haltKl: 0, off: 0, statistics: [] },
  }),
};
