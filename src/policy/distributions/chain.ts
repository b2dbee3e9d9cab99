import * as tf from '@tensorflow/tfjs-core';
import type { MaskRow } from '../../envs/index.ts';
import {
  addEmbedding,
  type Conditional,
  condition,
  conditionals,
  conditionGradient,
  embeddingGradient,
  type JointLayout,
  type JointPart,
  RANK,
  selectMask,
} from './conditioning.ts';
import type { Distribution } from './distribution.ts';

/**
 * The distribution of actions that are chosen part after part, each given those before it,
 *
 *     π(a) = Π_k π_k(a_k | a_1 … a_{k−1})
 *
 * as AlphaStar chooses its actions (Vinyals et al. 2019). `JointPart` says how a part sees those before it. Where a choice
 * ends the action, there are no factors after it.
 *
 * Sums over all actions have no closed form, so some are taken along one action. The entropy is that of the parts along
 * the action that was taken: its mean over actions is the entropy. `kl` follows the given actions too. `mode` takes
 * the most likely choice of each part in turn, which need not be the most likely action; `divergence` and `describe`
 * follow that of the distribution itself (of p), and `shift` compares that of p with that of q.
 */
export function chain(
  layout: JointLayout,
): Omit<Distribution, 'summary' | 'toAction' | 'fromFlat'> {
  const { parts, decay, end, ...sizes } = layout;

  // Scratch of single rows: two of each part's parameters, its mask, and the sum of the embeddings before it.
  const numbers = ({ family }: JointPart) => family.outputs + family.free.count;
  const rows = [0, 1].map(() => parts.map((own) => new Float32Array(numbers(own))));
  const byOwn = parts.map((own) => new Float32Array(numbers(own)));
  const masks = parts.map(({ part }) => new Uint8Array(part.maskWidth));
  const sums = parts.map(() => new Float64Array(RANK));
  const likeliest = [0, 1].map(() => new Float32Array(sizes.actionSize));
  const faded = (sum: Float64Array) => {
    if (decay) for (let r = 0; r < RANK; r++) sum[r] *= decay[r];
  };

  /**
   * Visits the parts in order, up to the end; a visitor may write the part's action before later parts see it.
   * @returns the parts that were visited
   */
  const walk = (
    params: Float32Array,
    mask: MaskRow | undefined,
    action: Float32Array,
    visit: (
      family: Distribution,
      params: Float32Array,
      mask: MaskRow | undefined,
      action: Float32Array,
      k: number,
    ) => void,
    row = 0,
  ): number => {
    for (const [k, own] of parts.entries()) {
      const { family, allowed } = own;
      condition(own, params, k > 0 ? sums[k] : undefined, rows[row][k]);
      const masked = mask !== undefined && masks[k].length > 0;
      if (masked) selectMask(own, mask, action, masks[k]);
      const chosen = action.subarray(own.action, own.action + family.actionSize);
      visit(family, rows[row][k], masked ? masks[k] : allowed, chosen, k);
      if (k + 1 === parts.length) break;
      if (end !== undefined && chosen[0] === end) return k + 1;
      if (k === 0) sums[1].fill(0);
      else sums[k + 1].set(sums[k]);
      faded(sums[k + 1]);
      addEmbedding(own, params, chosen, sums[k + 1]);
    }
    return parts.length;
  };
  const mode: Distribution['mode'] = (params, mask, action) => {
    let logProb = 0;
    walk(params, mask, action, (family, own, allowed, chosen) => {
      logProb += family.mode(own, allowed, chosen);
    });
    return logProb;
  };
  /** Σ_k `term` of the part, over the parts up to the end. */
  const sumOf = (
    given: readonly Conditional[],
    term: (given: Conditional, k: number) => tf.Tensor1D,
  ): tf.Tensor1D =>
    given
      .map((own, k) => (own.live ? tf.mul(term(own, k), own.live) : term(own, k)))
      .reduce((a, b) => tf.add(a, b)) as tf.Tensor1D;

  return {
    ...sizes,
    describes: 'parts',
    sample(params, mask, rng, action) {
      let logProb = 0;
      walk(params, mask, action, (family, own, allowed, chosen) => {
        logProb += family.sample(own, allowed, rng, chosen);
      });
      return logProb;
    },
    mode,
    score(params, mask, action) {
      let [logProb, entropy] = [0, 0];
      walk(params, mask, action, (family, own, allowed, chosen) => {
        const scored = family.score(own, allowed, chosen);
        logProb += scored.logProb;
        entropy += scored.entropy;
      });
      return { logProb, entropy };
    },
    scoreGradient(params, mask, action, a, b, gradient) {
      const visited = walk(params, mask, action, (family, own, allowed, chosen, k) => {
        family.scoreGradient(own, allowed, chosen, a, b, byOwn[k]);
      });
      gradient.fill(0);
      const bySum = new Float64Array(RANK);
      for (let k = visited - 1; k >= 0; k--) {
        const own = parts[k];
        const chosen = action.subarray(own.action, own.action + own.family.actionSize);
        if (k + 1 < visited) embeddingGradient(own, chosen, bySum, gradient);
        faded(bySum);
        const sum = k > 0 ? sums[k] : undefined;
        conditionGradient(own, params, sum, byOwn[k], gradient, bySum);
      }
    },
    divergence(p, q, mask) {
      const [action] = likeliest;
      mode(p, mask, action);
      let kl = 0;
      const add: Parameters<typeof walk>[3] = (family, own, allowed, _chosen, k) => {
        kl += family.divergence(rows[0][k], own, allowed);
      };
      walk(q, mask, action, add, 1);
      return kl;
    },
    shift(p, q, mask) {
      mode(p, mask, likeliest[0]);
      let most = 0;
      const compare: Parameters<typeof walk>[3] = (family, own, allowed, chosen, k) => {
        family.mode(own, allowed, chosen);
        most = Math.max(most, family.shift(rows[0][k], own, allowed));
      };
      walk(q, mask, likeliest[1], compare, 1);
      return most;
    },
    describe(params, mask, scale) {
      const described: number[] = [];
      const visited = walk(params, mask, likeliest[0], (family, own, allowed, chosen) => {
        family.mode(own, allowed, chosen);
        described.push(...family.describe(own, allowed, scale));
      });
      for (const { family } of parts.slice(visited)) {
        for (let i = 0; i < family.outputs; i++) described.push(i === end ? 1 : 0);
      }
      return described;
    },
    logProb: (params, actions, masks) =>
      sumOf(conditionals(layout, params, actions, masks), ({ family, ...own }) =>
        family.logProb(own.params, own.actions, own.masks),
      ),
    entropy: (params, masks, actions) =>
      sumOf(conditionals(layout, params, actions, masks), ({ family, ...own }) =>
        family.entropy(own.params, own.masks, own.actions),
      ),
    kl(p, q, masks, actions) {
      const ofQ = conditionals(layout, q, actions, masks);
      return sumOf(conditionals(layout, p, actions, masks), ({ family, ...own }, k) =>
        family.kl(own.params, ofQ[k].params, own.masks, own.actions),
      );
    },
  };
}
