import { Discrete } from '../../spaces/discrete.ts';
import type { ChanceOutcome, Turn } from '../game.ts';
import { StateGame } from '../state-game.ts';
import { type GameTree, NONE } from './game-tree.ts';
import type { PublicStates } from './public-states.ts';

/** A part of a game: from where it begins to where it is cut. */
export interface SubgameParts {
  tree: GameTree;
  publicStates: PublicStates;
  /** Where it may begin, and how likely each is. */
  roots: readonly { node: number; probability: number }[];
  /** The most actions of players before it is cut, at least 1. */
  depth: number;
  /** Ways to go on from where it is cut. */
  ways: number;
  /** The first player's return from a node on, where the players go on in these ways. */
  returnFrom(node: number, ways: readonly number[]): number;
}

interface Place {
  /** A node of the tree; −1 before chance has dealt one. */
  node: number;
  /** Actions of players before it is cut. */
  left: number;
  /** How each player, in turn, has chosen to go on. */
  ways: readonly number[];
}

/**
 * A subgame of a game of two players, as a game of its own: chance deals one of the nodes where it may begin, the players act as in the
 * game, and where it is cut (after so many actions, or once chance has acted) each chooses a way to go on, without knowing the other's (Brown, Sandholm and Amos 2018,
 * https://arxiv.org/abs/1805.08195). An action is the place of a legal action of the game.
 */
export class Subgame extends StateGame<number, Place> {
  readonly observationSpace = new Discrete(1);
  readonly actionSpace: Discrete;
  readonly maxLength: number;
  readonly perfectInformation = false;
  readonly #parts: SubgameParts;

  constructor(parts: SubgameParts) {
    super(`part of ${parts.tree.id}`);
    this.#parts = parts;
    const choices = parts.tree.sets.map((set) => set.legalActions.length);
    this.actionSpace = new Discrete(Math.max(...choices, parts.ways));
    this.maxLength = Infinity; // nobody plays it but solvers
  }

  protected start(): Place {
    return { node: NONE, left: this.#parts.depth, ways: [] };
  }

  protected turnIn(place: Place): Turn {
    const { node, ways } = place;
    if (node === NONE) return 'chance';
    const { set, sets, end, players } = this.#parts.tree;
    if (end[node] === node + 1) return 'end';
    if (set[node] === NONE) return 'chance';
    if (!this.#isCut(place)) return sets[set[node]].player;
    return ways.length < players ? ways.length : 'end';
  }

  protected legalIn(place: Place): readonly number[] {
    const { tree, ways } = this.#parts;
    const { legalActions } = tree.sets[tree.set[place.node]];
    const count = this.#isCut(place) ? ways : legalActions.length;
    return Array.from({ length: count }, (_, i) => i);
  }

  protected override outcomesIn({ node }: Place): readonly ChanceOutcome[] {
    const { tree, roots } = this.#parts;
    if (node === NONE) return roots.map((root) => ({ ...root, action: root.node }));
    return tree.children(node).map((child) => ({
      ...{ action: child, probability: tree.chance[child] },
    }));
  }

  protected after(place: Place, action: number): Place {
    const { tree } = this.#parts;
    if (place.node === NONE) return { ...place, node: action };
    if (tree.set[place.node] === NONE) return { ...place, node: action, left: 0 };
    if (this.#isCut(place)) return { ...place, ways: [...place.ways, action] };
    return { ...place, node: tree.children(place.node)[action], left: place.left - 1 };
  }

  protected returnsIn(place: Place): readonly number[] {
    if (this.turnIn(place) !== 'end') return [0, 0];
    const { node, ways } = place;
    const { tree, returnFrom } = this.#parts;
    const value = ways.length > 0 ? returnFrom(node, ways) : tree.returns[node * tree.players];
    return [value, -value];
  }

  protected observed(): number {
    return 0;
  }

  /** The information state of the game, or what the player knows where it is cut. */
  protected known(place: Place, player: number): string {
    const { tree, publicStates } = this.#parts;
    const { node } = place;
    if (this.#isCut(place)) return `way ${publicStates.views[node * tree.players + player]}`;
    return tree.sets[tree.set[node]].key;
  }

  #isCut({ node, left }: Place): boolean {
    return left === 0 && this.#parts.tree.set[node] !== NONE;
  }
}
