import { describe } from '../../common/describe.ts';
import type { GameTree } from './game-tree.ts';

/** The probability of each legal action, in their order, by information state. */
export type TabularPolicy = ReadonlyMap<string, ArrayLike<number>>;

/** How far probabilities may be from adding up to 1. */
const ROUNDING = 1e-6;

/** Chooses each legal action with the same probability, in all information sets of a game. */
export function uniformPolicy(tree: GameTree): TabularPolicy {
  return new Map(
    tree.sets.map(({ key, legalActions: { length } }) => [key, Array(length).fill(1 / length)]),
  );
}

/**
 * The probabilities of all actions in all information sets [tree.actions].
 * @throws Error where there are none for an information set, or they are no probabilities of its legal actions
 */
export function flatPolicy(tree: GameTree, policy: TabularPolicy): Float64Array {
  const flat = new Float64Array(tree.actions);
  for (const { key, legalActions, offset } of tree.sets) {
    const row = policy.get(key);
    const isDistribution =
      row?.length === legalActions.length &&
      Array.from(row).every((probability) => probability >= 0) &&
      Math.abs(Array.from(row).reduce((sum, one) => sum + one, 0) - 1) < ROUNDING;
    if (!isDistribution) {
      const wanted = `${legalActions.length} probabilities that add up to 1`;
      throw new Error(
        `${tree.id}: information state ${JSON.stringify(key)}: expected ${wanted}, got ${describe(row)}`,
      );
    }
    flat.set(row, offset);
  }
  return flat;
}

/**
 * The policy that has probabilities in proportion to weights.
 * @param weights of all actions in all information sets, ≥ 0; where all of a set are 0 it is uniform [tree.actions]
 */
export function policyOf(tree: GameTree, weights: Float64Array): TabularPolicy {
  const flat = Float64Array.from(weights);
  normalize(tree, flat, weights);
  return new Map(
    tree.sets.map(({ key, legalActions, offset }) => [
      key,
      flat.slice(offset, offset + legalActions.length),
    ]),
  );
}

/** Writes probabilities in proportion to the positive ones of weights, uniform where a set has none [tree.actions]. */
export function normalize(tree: GameTree, into: Float64Array, weights: Float64Array): void {
  for (const { offset, legalActions } of tree.sets) {
    const end = offset + legalActions.length;
    let sum = 0;
    for (let i = offset; i < end; i++) if (weights[i] > 0) sum += weights[i];
    for (let i = offset; i < end; i++) {
      into[i] = sum > 0 ? Math.max(weights[i], 0) / sum : 1 / legalActions.length;
    }
  }
}
