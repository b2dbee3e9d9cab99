import { type Checks, checkOptions, flag, integer } from '../../common/options.ts';
import { CHANCE, type GameTree } from './game-tree.ts';
import { nodeValues } from './node-values.ts';
import { normalize, policyOf, type TabularPolicy } from './tabular-policy.ts';

/** Which variant of counterfactual regret minimization. */
export interface CfrOptions {
  /** CFR+: regrets stay ≥ 0, and later policies weigh more in the average. Default false. */
  plus?: boolean;
}

const checks: Checks<CfrOptions> = { plus: flag };
const { allows } = integer(0);

/**
 * Counterfactual regret minimization (Zinkevich et al. 2007, https://papers.nips.cc/paper/3306), or CFR+ (Tammelin 2014,
 * https://arxiv.org/abs/1407.5042). In games of two players whose returns add up to 0, the average policy comes to a Nash equilibrium.
 *
 * An iteration updates one player after another. With σ(a) the present policy, v the value of a node for the player and π₋ the
 * probability that the others and chance come to it, regret(a) += π₋ · (v(a) − v), over all nodes of an information set, and then σ is
 * proportional to the positive regrets. The average weighs each policy by the player's own probability to come there,
 * and in CFR+ by the number of the iteration. As OpenSpiel's `CFRSolver` and `CFRPlusSolver`.
 *
 * ```ts
 * import { Cfr, exploitability, GameTree, makeGame } from 'pondera/envs';
 *
 * const tree = new GameTree(makeGame('Leduc-v0'));
 * const cfr = new Cfr(tree, { plus: true });
 * cfr.iterate(100);
 * console.log(exploitability(tree, cfr.averagePolicy())); // 0.0134…
 * ```
 */
export class Cfr {
  readonly #tree: GameTree;
  readonly #plus: boolean;
  readonly #regrets: Float64Array; // [actions]
  readonly #sums: Float64Array; // [actions]
  /** The present policy [actions]. */
  readonly #policy: Float64Array;
  /** It is that of each player [players]. */
  readonly #policies: readonly Float64Array[];
  /** The probabilities that the player, and that the others and chance, come to each node [size]. */
  readonly #own: Float64Array;
  readonly #others: Float64Array;
  readonly #values: Float64Array; // [size]
  #iterations = 0;

  /** @throws RangeError for an unknown option */
  constructor(tree: GameTree, options: CfrOptions = {}) {
    checkOptions('Cfr', options, checks);
    this.#tree = tree;
    this.#plus = options.plus ?? false;
    const { size, actions } = tree;
    this.#regrets = new Float64Array(actions);
    this.#sums = new Float64Array(actions);
    this.#policy = new Float64Array(actions);
    this.#policies = Array(tree.players).fill(this.#policy);
    normalize(tree, this.#policy, this.#regrets);
    this.#own = new Float64Array(size).fill(1);
    this.#others = new Float64Array(size).fill(1);
    this.#values = new Float64Array(size);
  }

  /** Iterations done so far. */
  get iterations(): number {
    return this.#iterations;
  }

  /** Does iterations. @param count a whole number */
  iterate(count: number): void {
    if (!allows(count)) throw new RangeError(`Cfr.iterate: expected an integer ≥ 0, got ${count}`);
    for (let i = 0; i < count; i++) {
      this.#iterations++;
      for (let player = 0; player < this.#tree.players; player++) this.#update(player);
    }
  }

  /** The average of the policies so far, which is what converges. */
  averagePolicy(): TabularPolicy {
    return policyOf(this.#tree, this.#sums);
  }

  #update(player: number): void {
    this.#reach(player);
    nodeValues(this.#tree, this.#policies, player, this.#values);
    const { size, parent, action, mover } = this.#tree;
    const [regrets, sums, policy] = [this.#regrets, this.#sums, this.#policy];
    const [own, others, values] = [this.#own, this.#others, this.#values];
    const weight = this.#plus ? this.#iterations : 1;
    for (let node = 1; node < size; node++) {
      if (mover[node] !== player) continue;
      const [before, at] = [parent[node], action[node]];
      regrets[at] += others[before] * (values[node] - values[before]);
      sums[at] += weight * own[before] * policy[at];
    }
    if (this.#plus) {
      for (let at = 0; at < regrets.length; at++) if (regrets[at] < 0) regrets[at] = 0;
    }
    normalize(this.#tree, policy, regrets);
  }

  #reach(player: number): void {
    const { size, parent, action, mover, chance } = this.#tree;
    const [policy, own, others] = [this.#policy, this.#own, this.#others];
    for (let node = 1; node < size; node++) {
      const before = parent[node];
      const probability = mover[node] === CHANCE ? chance[node] : policy[action[node]];
      own[node] = mover[node] === player ? own[before] * probability : own[before];
      others[node] = mover[node] === player ? others[before] : others[before] * probability;
    }
  }
}
