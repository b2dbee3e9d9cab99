import type { Distribution } from '../../../policy/index.ts';
import type { SearchResult } from './gumbel-search.ts';
import type { Judgment } from './search-node.ts';

/** The least probability in an improved policy, so that its logarithm is finite. */
const LEAST = 1e-12;

/**
 * The range of values, in the unit of learning, below which they are not spread to the range 0 to 1: differences of what a network knows
 * little of are noise, and would else decide all. @param trust in its values, in [0, 1]
 */
export function leastTrusted(trust: number): number {
  return 1 / trust;
}

/** The actions that have a probability, and its logarithm. @param probabilities of all [A] */
export function likelyActions(
  probabilities: readonly number[],
): Pick<Judgment, 'actions' | 'logits'> {
  const actions = [...probabilities.keys()].filter((token) => probabilities[token] > 0);
  return { actions, logits: actions.map((token) => Math.log(probabilities[token])) };
}

/** The parameters of the distribution that a search improved to [P]. */
export function improvedBy(
  { actions, policy }: Pick<SearchResult, 'actions' | 'policy'>,
  { outputs }: Pick<Distribution, 'outputs'>,
): Float32Array {
  const improved = new Float32Array(outputs).fill(Math.log(LEAST));
  for (const [i, token] of actions.entries())
    improved[token] = Math.log(Math.max(policy[i], LEAST));
  return improved;
}
