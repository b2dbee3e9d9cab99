import { Rng } from '../../../kernels/common/index.ts';
import { integer } from '../../common/options.ts';
import { type GameTree, NONE } from './game-tree.ts';
import { policyOf, type TabularPolicy } from './tabular-policy.ts';

const { allows } = integer(0);

/**
 * Counterfactual regret minimization by external sampling (Lanctot et al. 2009, https://papers.nips.cc/paper/3713). An iteration
 * walks through the game once for each player: all of the player's actions, and one drawn action of the others and of chance. So it
 * touches a small part of the tree, and regret(a) += v(a) − v is right on average. A walk adds the present policy of the
 * other player to the average, where it meets it. As OpenSpiel's `ExternalSamplingMCCFRSolver`, for two players.
 */
export class ExternalSampling {
  readonly #tree: GameTree;
  readonly #rng: Rng;
  readonly #regrets: Float64Array; // [actions]
  readonly #sums: Float64Array; // [actions]

  /**
   * Begins with the uniform policy.
   * @param seed of its draws, an integer ≥ 0
   * @throws RangeError for another number of players than two
   */
  constructor(tree: GameTree, seed = 0) {
    if (tree.players !== 2) {
      throw new RangeError(`ExternalSampling: expected a game of two players, got ${tree.players}`);
    }
    this.#tree = tree;
    this.#rng = Rng.seed(seed, 'external-sampling');
    this.#regrets = new Float64Array(tree.actions);
    this.#sums = new Float64Array(tree.actions);
  }

  /** Does iterations. @param count a whole number */
  iterate(count: number): void {
    if (!allows(count)) {
      throw new RangeError(`ExternalSampling.iterate: expected an integer ≥ 0, got ${count}`);
    }
    for (let i = 0; i < count; i++) for (const player of [0, 1]) this.#walk(0, player);
  }

  /** The average of the policies so far, which is what converges. */
  averagePolicy(): TabularPolicy {
    return policyOf(this.#tree, this.#sums);
  }

  /** @returns the player's return of a sampled play from a node on, where the player's own policy is averaged over */
  #walk(node: number, player: number): number {
    const { end, set, sets, returns, players } = this.#tree;
    if (end[node] === node + 1) return returns[node * players + player];
    if (set[node] === NONE) return this.#walk(this.#drawn(node), player);
    const { offset, legalActions, player: mover } = sets[set[node]];
    const policy = this.#policy(offset, legalActions.length);
    if (mover !== player) {
      for (const [i, probability] of policy.entries()) this.#sums[offset + i] += probability;
      return this.#walk(this.#drawn(node, policy), player);
    }
    const values = this.#tree.children(node).map((child) => this.#walk(child, player));
    const value = values.reduce((sum, one, i) => sum + policy[i] * one, 0);
    for (const [i, one] of values.entries()) this.#regrets[offset + i] += one - value;
    return value;
  }

  /** The present policy of an information set: in proportion to positive regrets. */
  #policy(offset: number, count: number): number[] {
    const positive = Array.from({ length: count }, (_, i) =>
      Math.max(this.#regrets[offset + i], 0),
    );
    const sum = positive.reduce((total, one) => total + one, 0);
    return positive.map((one) => (sum > 0 ? one / sum : 1 / count));
  }

  /** A node after this one, drawn by a policy, or by chance where there is none. */
  #drawn(node: number, policy?: readonly number[]): number {
    const { end, chance } = this.#tree;
    let left = this.#rng.float();
    let child = node + 1;
    for (let i = 0; ; i++) {
      left -= policy?.[i] ?? chance[child];
      if (left < 0 || end[child] === end[node]) return child;
      child = end[child];
    }
  }
}
