import { type Judgment, type SearchNode, softmax } from './search-node.ts';

/** The weight of values against log-probabilities, for the visits of the most visited action: (INITIAL + max N) · SCALE, as in mctx. */
const SCALE = 0.1;
const INITIAL = 50;
/** The least range that is brought to 0 to 1, as in mctx: values closer than this count as equal. */
const LEAST_RANGE = 1e-8;

/** What values are computed from. */
export type Counted = Pick<SearchNode<unknown>, keyof Judgment | 'visits' | 'totals'>;

/**
 * σ(q̂) of the completed values of a node's actions (Danihelka et al. 2022, https://openreview.net/forum?id=bERaNdoegnO, equations 8, 10 and
 * appendix D; mctx's `qtransform_completed_by_mix_value`). An action that was not visited has the value
 *
 *     v_mix = (v + ΣN · Σ π(a) q(a) / Σ π(a)) / (1 + ΣN),     the sums of π over visited actions,
 *
 * all are brought to the range 0 to 1, and σ(q̂) = (50 + max N) · 0.1 · q̂.
 * @param leastRange values of a smaller range are taken as a part of it
 * @returns what they add to the logits [A]
 */
export function completedValues(
  { logits, value, visits, totals }: Counted,
  leastRange = LEAST_RANGE,
): number[] {
  const priors = softmax(logits);
  let [count, mass, weighted] = [0, 0, 0];
  const values = visits.map((n, a) => {
    if (n === 0) return undefined;
    const q = totals[a] / n;
    const prior = Math.max(priors[a], Number.MIN_VALUE);
    count += n;
    mass += prior;
    weighted += prior * q;
    return q;
  });
  const mixed = count === 0 ? value : (value + (count * weighted) / mass) / (1 + count);
  const completed = values.map((q) => q ?? mixed);
  const least = Math.min(...completed);
  const range = Math.max(Math.max(...completed) - least, leastRange);
  const scale = (INITIAL + Math.max(...visits)) * SCALE;
  return completed.map((q) => (scale * (q - least)) / range);
}

/** The policy that a search improves to: softmax(logits + σ(q̂)) [A]. */
export function improvedPolicy(node: Counted, leastRange?: number): number[] {
  const values = completedValues(node, leastRange);
  return softmax(node.logits.map((logit, a) => logit + values[a]));
}
