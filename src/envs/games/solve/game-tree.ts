import type { Game } from '../game.ts';

/** All places in plays that a player cannot tell apart, and where that player acts. */
export interface InformationSet {
  /** `Game.informationState` of the player. */
  readonly key: string;
  readonly player: number;
  readonly legalActions: readonly number[];
  /** What the player observes there. */
  readonly observation: unknown;
  /** Where its actions begin among those of all information sets. */
  readonly offset: number;
}

/** What `GameTree.mover` says of a node to which chance leads, and of the first. */
export const CHANCE = -1;
/** What `GameTree.set` says of a node where no player acts. */
export const NONE = -1;

const MOST_NODES = 5_000_000;

/**
 * All plays of a small game, as flat arrays: a node for each place in a play, before those that follow it. `Cfr`, `bestResponse` and
 * `exploitability` sweep over it.
 *
 * ```ts
 * import { exploitability, GameTree, makeGame, uniformPolicy } from 'pondera/envs';
 *
 * const tree = new GameTree(makeGame('Kuhn-v0'));
 * console.log(tree.size, tree.sets.length, exploitability(tree, uniformPolicy(tree))); // 58 12 0.458…
 * ```
 */
export class GameTree {
  /** The game's name. */
  readonly id: string;
  /** Number of players. */
  readonly players: number;
  /** Number of nodes. */
  readonly size: number;
  /** Where players act. */
  readonly sets: readonly InformationSet[];
  /** Number of actions in all information sets. */
  readonly actions: number;
  /** The node before each; −1 before the first [size]. */
  readonly parent: Int32Array;
  /** The node after the last one that follows each [size]. */
  readonly end: Int32Array;
  /** The index of the information set at each node; −1 where no player acts [size]. */
  readonly set: Int32Array;
  /** The player whose action leads to each node; −1 where that is chance, and at the first [size]. */
  readonly mover: Int8Array;
  /** The action that leads to each node, as its place among those of all information sets; −1 where chance does [size]. */
  readonly action: Int32Array;
  /** The probability with which chance leads to each node from the one before; 1 where a player does [size]. */
  readonly chance: Float64Array;
  /** The returns at the ends of plays, 0 elsewhere [size, players]. */
  readonly returns: Float64Array;

  /**
   * Plays all plays.
   * @param game is where it was again afterwards
   * @throws Error for a game of more than 5,000,000 nodes, and where an information state does not tell what its player has done
   *   before or may do
   */
  constructor(game: Game) {
    const before = game.snapshot();
    const plays = new Plays(game);
    game.begin();
    plays.visit(NONE, CHANCE, NONE, 1);
    game.restore(before);
    this.id = game.id;
    this.players = game.players;
    this.size = plays.parent.length;
    this.sets = plays.sets;
    this.actions = plays.actions;
    this.parent = Int32Array.from(plays.parent);
    this.end = Int32Array.from(plays.end);
    this.set = Int32Array.from(plays.set);
    this.mover = Int8Array.from(plays.mover);
    this.action = Int32Array.from(plays.action);
    this.chance = Float64Array.from(plays.chance);
    this.returns = new Float64Array(this.size * this.players);
    for (const [node, returns] of plays.returns) this.returns.set(returns, node * this.players);
  }

  /** The nodes that follow a node at once, in the order of actions or outcomes. */
  children(node: number): number[] {
    const children: number[] = [];
    for (let child = node + 1; child < this.end[node]; child = this.end[child])
      children.push(child);
    return children;
  }
}

/** A depth-first walk through all plays, and what it has met. */
class Plays {
  readonly sets: InformationSet[] = [];
  actions = 0;
  readonly parent: number[] = [];
  readonly end: number[] = [];
  readonly set: number[] = [];
  readonly mover: number[] = [];
  readonly action: number[] = [];
  readonly chance: number[] = [];
  readonly returns: [node: number, returns: readonly number[]][] = [];
  readonly #game: Game;
  readonly #indices = new Map<string, number>();
  /** The last own action before each information set. */
  readonly #before: number[] = [];
  /** The last action of each player so far. */
  readonly #last: number[];

  constructor(game: Game) {
    this.#game = game;
    this.#last = Array(game.players).fill(NONE);
  }

  visit(parent: number, mover: number, action: number, chance: number): void {
    const game = this.#game;
    const node = this.parent.length;
    if (node === MOST_NODES) {
      throw new Error(`GameTree: expected a game of at most ${MOST_NODES} nodes, got ${game.id}`);
    }
    this.parent.push(parent);
    this.mover.push(mover);
    this.action.push(action);
    this.chance.push(chance);
    this.end.push(NONE);
    this.set.push(NONE);
    const turn = game.turn();
    const place = game.snapshot();
    if (turn === 'end') {
      this.returns.push([node, game.returns()]);
    } else if (turn === 'chance') {
      for (const outcome of game.chanceOutcomes()) {
        game.apply(outcome.action);
        this.visit(node, CHANCE, NONE, outcome.probability);
        game.restore(place);
      }
    } else {
      const index = this.#setOf(turn);
      const { offset, legalActions } = this.sets[index];
      this.set[node] = index;
      const last = this.#last[turn];
      for (const [i, legal] of legalActions.entries()) {
        game.apply(legal);
        this.#last[turn] = offset + i;
        this.visit(node, turn, offset + i, 1);
        game.restore(place);
      }
      this.#last[turn] = last;
    }
    this.end[node] = this.parent.length;
  }

  /** The information set of the player who acts; a new one where it has not been met. */
  #setOf(player: number): number {
    const game = this.#game;
    const key = game.informationState(player);
    const legalActions = [...game.legalActions()];
    const known = this.#indices.get(key);
    if (known === undefined) {
      const index = this.sets.length;
      this.#indices.set(key, index);
      const observation = game.observe(player);
      this.sets.push({ key, player, legalActions, observation, offset: this.actions });
      this.#before.push(this.#last[player]);
      this.actions += legalActions.length;
      return index;
    }
    const other = this.sets[known];
    const isSame =
      other.player === player &&
      String(other.legalActions) === String(legalActions) &&
      this.#before[known] === this.#last[player];
    if (isSame) return known;
    const wanted =
      'an information state that tells who acts, what is legal and what that player has done before';
    throw new Error(`GameTree: ${game.id}: expected ${wanted}, got ${JSON.stringify(key)} for two`);
  }
}
