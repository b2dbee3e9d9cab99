import * as tf from '@tensorflow/tfjs-core';
import type { CommonSettings, HaltingTerms, Layout, SampledThoughts } from '../definition.ts';
import { haltTerms, logHalt } from '../probability.ts';

/** The halting choices of a minibatch, by micro-step [M]. */
export interface Choices {
  /** 1 for thinking on, 0 for acting. */
  think: Float32Array;
  /** 1 where there was a choice. */
  mask: Float32Array;
  /** ln probability of the choice at the time of the decision. */
  oldLogHalt: Float32Array;
  advantage: Float32Array;
}

/**
 * The halting terms of `bernoulli`: for each choice to think on (ln(1 − halt_k)) or to act (ln halt_k), PPO's clipped
 * surrogate with the advantage of that micro-step. Steps before minSteps, the one at maxSteps and those of forced
 * decisions were no choice of the head.
 */
export function bernoulliTerms(
  settings: CommonSettings,
  thoughts: SampledThoughts,
  layout: Layout,
): HaltingTerms {
  return choiceTerms(gatherChoices(settings, thoughts, layout), settings.floor);
}

function gatherChoices(
  { minSteps, maxSteps }: CommonSettings,
  { released, ponderSteps, offset, forced, halts, advantages, scale }: SampledThoughts,
  { sorted, reach }: Layout,
): Choices {
  const total = reach.reduce((a, b) => a + b, 0);
  const choices = {
    think: new Float32Array(total),
    mask: new Float32Array(total),
    oldLogHalt: new Float32Array(total),
    advantage: new Float32Array(total),
  };
  let m = 0;
  reach.forEach((count, index) => {
    const k = index + 1;
    for (let i = 0; i < count; i++, m++) {
      const t = sorted[i];
      const source = offset[t] + index;
      const think = k < ponderSteps[t];
      const halt = halts[source];
      const chose = released && !forced[t] && k >= minSteps && k < maxSteps;
      choices.think[m] = think ? 1 : 0;
      choices.mask[m] = chose ? 1 : 0;
      // A masked one may be ln 0, and 0 · ∞ is no number.
      choices.oldLogHalt[m] = chose ? Math.log(think ? 1 - halt : halt) : 0;
      choices.advantage[m] = advantages[source] * scale;
    }
  });
  return choices;
}

/** The terms of halting choices whose probability is in [floor, 1 − floor]. */
export function choiceTerms(choices: Choices, floor: number): HaltingTerms {
  const { think, mask, oldLogHalt, advantage } = choices;
  return {
    byTensors({ logits, logProbs, entropies, surrogate }) {
      const log = logHalt(logits, floor);
      const act = think.map((x) => 1 - x);
      const chosen = tf.add(tf.mul(think, log.think), tf.mul(act, log.act));
      const logRatio = tf.mul(tf.sub(chosen, oldLogHalt), mask);
      const halt = surrogate(logRatio, advantage);
      const nats = tf.add(tf.mul(tf.exp(log.act), log.act), tf.mul(tf.exp(log.think), log.think));
      return {
        logProb: logProbs,
        entropy: entropies,
        haltLoss: tf.mul(halt.loss, mask),
        haltEntropy: tf.neg(tf.mul(nats, mask)),
        haltKl: tf.div(tf.sum(halt.kl), tf.maximum(tf.sum(mask), 1)),
        off: tf.max(halt.off),
        statistics: [],
      };
    },
    byRows({ logits, logProbs, surrogate, entropyWeight }) {
      const haltSlopes = new Float64Array(logits.length);
      let [haltLoss, haltEntropy, kl, count, off] = [0, 0, 0, 0, 0];
      for (let m = 0; m < logits.length; m++) {
        if (mask[m] === 0) continue;
        const terms = haltTerms(logits[m], floor);
        const { halt, act, actSlope } = terms;
        const thinks = think[m] !== 0;
        const term = surrogate((thinks ? terms.think : act) - oldLogHalt[m], advantage[m]);
        haltLoss += term.loss;
        haltEntropy -= halt * act + (1 - halt) * terms.think;
        kl += term.kl;
        count++;
        off = Math.max(off, term.off);
        const entropySlope = halt * actSlope * (terms.think - act);
        const slope = term.slope * (thinks ? terms.thinkSlope : actSlope);
        haltSlopes[m] = slope - entropyWeight * entropySlope;
      }
      const haltKl = kl / Math.max(count, 1);
      return { logProb: logProbs, haltLoss, haltEntropy, haltSlopes, haltKl, off, statistics: [] };
    },
  };
}
