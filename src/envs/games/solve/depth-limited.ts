import { atLeast, type Checks, checkOptions, integer } from '../../common/options.ts';
import type { Game } from '../game.ts';
import { drawOutcome, type Opponent } from '../opponent.ts';
import { Cfr } from './cfr.ts';
import { CHANCE, GameTree, NONE } from './game-tree.ts';
import { nodeValues } from './node-values.ts';
import { type PublicStates, publicStates } from './public-states.ts';
import { Subgame } from './subgame.ts';
import { flatPolicy, normalize, type TabularPolicy } from './tabular-policy.ts';

/** How far and how long to look ahead. */
export interface DepthLimitedOptions {
  /** The most actions of players that are looked ahead, at least 1. Default: all until chance acts, such as a round of bets. */
  depth?: number;
  /** Iterations of CFR+ for each part. Default 200. */
  iterations?: number;
  /** How much more often than the blueprint the other ways to go on take their action; 1 leaves the blueprint alone. Default 20. */
  bias?: number;
}

const checks: Checks<DepthLimitedOptions> = {
  depth: integer(1),
  iterations: integer(1),
  bias: atLeast(1),
};

/** The share of uniform play in beliefs, so that places which nobody would come to are solved too. */
const DOUBT = 1e-3;

/**
 * Solves the part of a game that comes next, from a blueprint of the whole, as Pluribus did (Brown and Sandholm 2019,
 * https://doi.org/10.1126/science.aay2400). A part begins with what all players know, and what they believe of the rest by how they
 * play until there. It is cut once chance has acted, or after so many actions, and there each player chooses a way to go on: the blueprint, or
 * the blueprint with one action more often (Brown, Sandholm and Amos 2018, https://arxiv.org/abs/1805.08195). CFR+ solves the part; what
 * comes after the cut is solved when a play comes there.
 *
 * Beliefs take others at what was solved for them, so nothing guarantees a gain: it is large from a rough blueprint, and a loss from one
 * that is nearly an equilibrium. `exploitability` of `policy()` tells.
 *
 * ```ts
 * import { Cfr, DepthLimited, exploitability, GameTree, makeGame } from 'pondera/envs';
 *
 * const game = makeGame('Leduc-v0');
 * const tree = new GameTree(game);
 * const cfr = new Cfr(tree);
 * cfr.iterate(10);
 * const solver = new DepthLimited(game, cfr.averagePolicy());
 * console.log(exploitability(tree, cfr.averagePolicy()), exploitability(tree, solver.policy())); // 0.888… 0.295…
 * ```
 */
export class DepthLimited {
  readonly #tree: GameTree;
  readonly #states: PublicStates;
  readonly #depth: number;
  readonly #iterations: number;
  /** The first player's return from each node on, for the ways of both [ways][ways][size]. */
  readonly #values: readonly (readonly Float64Array[])[];
  /** The blueprint, and what was solved in its place [actions]. */
  readonly #policy: Float64Array;
  /** Public states of which that is so. */
  readonly #solved = new Set<number>();
  /** The index of each information set, by its key. */
  readonly #indices: ReadonlyMap<string, number>;
  /** The public state of each information set [sets]. */
  readonly #stateOf: number[] = [];

  /**
   * @param game a small one of two players, whose returns add up to 0; it is where it was again afterwards
   * @param blueprint in all of its information states
   * @throws RangeError for another game or option; Error where the blueprint lacks an information state
   */
  constructor(game: Game, blueprint: TabularPolicy, options: DepthLimitedOptions = {}) {
    checkOptions('DepthLimited', options, checks);
    if (game.players !== 2 || !game.zeroSum) {
      const wanted = 'a game of two players whose returns add up to 0';
      throw new RangeError(`DepthLimited: expected ${wanted}, got ${game.id}`);
    }
    const { depth = Infinity, iterations = 200, bias = 20 } = options;
    this.#tree = new GameTree(game);
    this.#states = publicStates(this.#tree, game);
    this.#indices = new Map(this.#tree.sets.map(({ key }, index) => [key, index]));
    for (let node = 0; node < this.#tree.size; node++) {
      const set = this.#tree.set[node];
      if (set !== NONE) this.#stateOf[set] ??= this.#states.state[node];
    }
    this.#depth = depth;
    this.#iterations = iterations;
    this.#policy = flatPolicy(this.#tree, blueprint);
    const ways = [this.#policy.slice(), ...this.#biased(bias)];
    this.#values = ways.map((own) => ways.map((other) => nodeValues(this.#tree, [own, other], 0)));
  }

  /**
   * The probabilities of the legal actions in an information state. The first call for what all players know there solves it.
   * @throws RangeError for an unknown information state
   */
  policyAt(informationState: string): Float64Array {
    const { sets } = this.#tree;
    const index = this.#indices.get(informationState);
    if (index === undefined) {
      throw new RangeError(
        `DepthLimited: expected an information state of ${this.#tree.id}, got ${JSON.stringify(informationState)}`,
      );
    }
    this.#solve(this.#stateOf[index]);
    const { offset, legalActions } = sets[index];
    return this.#policy.slice(offset, offset + legalActions.length);
  }

  /** What it does in every information state. */
  policy(): TabularPolicy {
    return new Map(this.#tree.sets.map(({ key }) => [key, this.policyAt(key)]));
  }

  /** Plays as solved. */
  readonly opponent: Opponent = (_obs, legalActions, rng, game) => {
    const policy = this.policyAt(game.informationState(game.turn() as number));
    return drawOutcome(
      legalActions.map((action, i) => ({ action, probability: policy[i] })),
      rng,
    );
  };

  /** Solves from a public state on, unless what was solved before covers it. */
  #solve(state: number): void {
    if (this.#solved.has(state)) return;
    const { nodes, state: stateOf } = this.#states;
    const tree = this.#tree;
    for (const node of nodes[state]) {
      // What came before tells what to believe.
      for (let at = tree.parent[node]; at > 0; at = tree.parent[at]) {
        if (stateOf[at] !== NONE) this.#solve(stateOf[at]);
      }
    }
    if (this.#solved.has(state)) return;
    const reach = nodes[state].map((node) => this.#reach(node));
    const all = reach.reduce((sum, one) => sum + one, 0);
    const part = new Subgame({
      ...{ tree, publicStates: this.#states, depth: this.#depth, ways: this.#values.length },
      roots: nodes[state].map((node, i) => ({ node, probability: reach[i] / all })),
      returnFrom: (node, [own, other]) => this.#values[own][other][node],
    });
    const cfr = new Cfr(new GameTree(part), { plus: true });
    cfr.iterate(this.#iterations);
    const solved = cfr.averagePolicy();
    for (const [key, row] of solved) {
      const index = this.#indices.get(key);
      if (index === undefined) continue; // a choice of how to go on
      this.#policy.set(row, tree.sets[index].offset);
      this.#solved.add(this.#stateOf[index]);
    }
  }

  /** How likely a play comes to a node, by what was solved. */
  #reach(node: number): number {
    const { parent, mover, chance, action, set, sets } = this.#tree;
    let reach = 1;
    for (let at = node; at > 0; at = parent[at]) {
      if (mover[at] === CHANCE) {
        reach *= chance[at];
      } else {
        const uniform = 1 / sets[set[parent[at]]].legalActions.length;
        reach *= (1 - DOUBT) * this.#policy[action[at]] + DOUBT * uniform;
      }
    }
    return reach;
  }

  /** The blueprint with each action of the game, in turn, more often [actions of the game][actions]. */
  #biased(bias: number): Float64Array[] {
    const { sets } = this.#tree;
    const all = new Set(sets.flatMap(({ legalActions }) => legalActions));
    if (bias === 1) return [];
    return [...all].map((often) => {
      const weights = this.#policy.slice();
      for (const { offset, legalActions } of sets) {
        const i = legalActions.indexOf(often);
        if (i >= 0) weights[offset + i] *= bias;
      }
      const policy = new Float64Array(weights.length);
      normalize(this.#tree, policy, weights);
      return policy;
    });
  }
}
