import { CHANCE, type GameTree, NONE } from './game-tree.ts';
import { flatPolicy, type TabularPolicy } from './tabular-policy.ts';

/** What a player can get of opponents whose policy is known. */
export interface BestResponse {
  /** The return of it. */
  value: number;
  /** The action in each information set of the player, by information state. */
  actions: ReadonlyMap<string, number>;
}

/**
 * The returns of all players where all play a policy [players].
 * @throws Error where the policy lacks an information set
 */
export function expectedReturns(tree: GameTree, policy: TabularPolicy): number[] {
  const { size, players, parent, chance, action, mover, returns } = tree;
  const flat = flatPolicy(tree, policy);
  const reach = new Float64Array(size);
  const sums: number[] = Array(players).fill(0);
  reach[0] = 1;
  for (let node = 0; node < size; node++) {
    if (node > 0) {
      const weight = mover[node] === CHANCE ? chance[node] : flat[action[node]];
      reach[node] = reach[parent[node]] * weight;
    }
    for (let p = 0; p < players; p++) sums[p] += reach[node] * returns[node * players + p];
  }
  return sums;
}

/**
 * The best that a player can do where the others play a policy.
 * @throws Error where the policy lacks an information set
 */
export function bestResponse(tree: GameTree, policy: TabularPolicy, player: number): BestResponse {
  return new Response(tree, flatPolicy(tree, policy), player).result();
}

/**
 * How much a player gains by the best response to a policy instead of the policy, on average over the players: 0 for a Nash
 * equilibrium (NashConv / players, OpenSpiel's `exploitability`).
 * @throws Error where the policy lacks an information set
 */
export function exploitability(tree: GameTree, policy: TabularPolicy): number {
  const gains = expectedReturns(tree, policy).map(
    (value, player) => bestResponse(tree, policy, player).value - value,
  );
  return gains.reduce((sum, gain) => sum + gain, 0) / tree.players;
}

class Response {
  readonly #tree: GameTree;
  readonly #policy: Float64Array;
  readonly #player: number;
  /** The probability that the others and chance let a play come to each node [size]. */
  readonly #reach: Float64Array;
  /** The nodes of each information set of the player. */
  readonly #nodes: number[][];
  /** The place of the chosen action in each information set; −1 before it is chosen [sets]. */
  readonly #chosen: Int32Array;

  constructor(tree: GameTree, policy: Float64Array, player: number) {
    this.#tree = tree;
    this.#policy = policy;
    this.#player = player;
    this.#reach = new Float64Array(tree.size).fill(1);
    this.#nodes = tree.sets.map(() => []);
    this.#chosen = new Int32Array(tree.sets.length).fill(NONE);
    for (let node = 0; node < tree.size; node++) {
      if (node > 0) this.#reach[node] = this.#reach[tree.parent[node]] * this.#weight(node);
      const set = tree.set[node];
      if (set !== NONE && tree.sets[set].player === player) this.#nodes[set].push(node);
    }
  }

  result(): BestResponse {
    const value = this.#value(0);
    const actions = new Map<string, number>();
    for (const [index, { key, player, legalActions }] of this.#tree.sets.entries()) {
      if (player === this.#player) actions.set(key, legalActions[this.#choice(index)]);
    }
    return { value, actions };
  }

  /** The probability with which chance or another leads to a node from the one before; 1 where the player does. */
  #weight(node: number): number {
    const { mover, chance, action } = this.#tree;
    if (mover[node] === this.#player) return 1;
    return mover[node] === CHANCE ? chance[node] : this.#policy[action[node]];
  }

  /** The player's return from a node on. */
  #value(node: number): number {
    const { set, sets, end, returns, players } = this.#tree;
    if (end[node] === node + 1) return returns[node * players + this.#player];
    if (set[node] !== NONE && sets[set[node]].player === this.#player) {
      return this.#value(this.#child(node, this.#choice(set[node])));
    }
    let value = 0;
    for (let child = node + 1; child < end[node]; child = end[child]) {
      value += this.#weight(child) * this.#value(child);
    }
    return value;
  }

  /** The place of the best action in an information set, by what follows at all of its nodes. */
  #choice(set: number): number {
    if (this.#chosen[set] !== NONE) return this.#chosen[set];
    const values = this.#tree.sets[set].legalActions.map((_, i) =>
      this.#nodes[set].reduce(
        (sum, node) => sum + this.#reach[node] * this.#value(this.#child(node, i)),
        0,
      ),
    );
    this.#chosen[set] = values.indexOf(Math.max(...values));
    return this.#chosen[set];
  }

  #child(node: number, i: number): number {
    const { end } = this.#tree;
    let child = node + 1;
    for (let skipped = 0; skipped < i; skipped++) child = end[child];
    return child;
  }
}
