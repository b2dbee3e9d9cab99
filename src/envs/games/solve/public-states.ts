import type { Game } from '../game.ts';
import { type GameTree, NONE } from './game-tree.ts';

/** What all players know of where a play stands, at each node of a tree where a player acts. */
export interface PublicStates {
  /** The index of the public state; −1 where no player acts [size]. */
  readonly state: Int32Array;
  /** The nodes of each. */
  readonly nodes: readonly (readonly number[])[];
  /** The index of what each player knows there; −1 where no player acts [size, players]. */
  readonly views: Int32Array;
}

/**
 * Finds the public states of a game: two places belong to one where a player cannot tell them apart, and so on from each of these
 * (what is common knowledge; Burch, Johanson and Bowling 2014, https://arxiv.org/abs/1303.4441).
 * @param tree of this game
 * @param game is where it was again afterwards
 */
export function publicStates(tree: GameTree, game: Game): PublicStates {
  const { size, players } = tree;
  const views = new Int32Array(size * players).fill(NONE);
  const before = game.snapshot();
  game.begin();
  new Views(game, views).visit(0);
  game.restore(before);
  return { ...joined(tree, views), views };
}

/** A walk in the order of `GameTree`, which numbers what players know. */
class Views {
  readonly #game: Game;
  readonly #views: Int32Array;
  readonly #numbers = new Map<string, number>();

  constructor(game: Game, views: Int32Array) {
    this.#game = game;
    this.#views = views;
  }

  /** @returns the node after those that follow */
  visit(node: number): number {
    const game = this.#game;
    const turn = game.turn();
    const actions =
      turn === 'chance' ? game.chanceOutcomes().map((one) => one.action) : game.legalActions();
    if (typeof turn === 'number') {
      for (let player = 0; player < game.players; player++) {
        const key = `${player} ${game.informationState(player)}`;
        const number = this.#numbers.get(key) ?? this.#numbers.size;
        this.#numbers.set(key, number);
        this.#views[node * game.players + player] = number;
      }
    }
    const place = game.snapshot();
    let next = node + 1;
    for (const action of actions) {
      game.apply(action);
      next = this.visit(next);
      game.restore(place);
    }
    return next;
  }
}

/** Joins nodes that share a view, until none that are apart do. */
function joined({ size, players }: GameTree, views: Int32Array) {
  const first = new Map<number, number>();
  const before = Int32Array.from({ length: size }, (_, node) => node);
  const root = (node: number) => {
    let at = node;
    while (before[at] !== at) {
      before[at] = before[before[at]];
      at = before[at];
    }
    return at;
  };
  for (let at = 0; at < views.length; at++) {
    if (views[at] === NONE) continue;
    const node = Math.floor(at / players);
    const other = first.get(views[at]);
    if (other === undefined) first.set(views[at], node);
    else before[root(node)] = root(other);
  }
  const state = new Int32Array(size).fill(NONE);
  const nodes: number[][] = [];
  const indices = new Map<number, number>();
  for (let node = 0; node < size; node++) {
    if (views[node * players] === NONE) continue;
    const index = indices.get(root(node)) ?? nodes.push([]) - 1;
    indices.set(root(node), index);
    state[node] = index;
    nodes[index].push(node);
  }
  return { state, nodes };
}
