import type { Drawing } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import type { Discrete } from '../spaces/discrete.ts';
import type { Symmetry } from './symmetry.ts';

/** Who acts next: a player, counted from 0; `chance`, which draws from `chanceOutcomes`; or nobody, at the end. */
export type Turn = number | 'chance' | 'end';

/** Something that chance may do, and how likely it is. */
export interface ChanceOutcome {
  /** What `apply` takes. */
  action: number;
  /** Its probability, above 0; those of all outcomes add up to 1. */
  probability: number;
}

/** Something that who acts may do, for a person. */
export interface Move {
  /** What `apply` takes. */
  action: number;
  /** Its name in words, such as `column 3` or `bet`. */
  name: string;
  /** The cells of the board that stand for it; none where it is no place there. */
  cells: readonly number[];
}

/** What a person who plays is shown. */
export interface PlayerView {
  /** A board from the player's side, row by row from the top: 0 empty, 1 own, 2 the other's [rows · columns]; absent where there is none. */
  board?: { rows: number; columns: number; cells: readonly number[] };
  /** What else the player knows, in words, such as `card: K`. */
  words: readonly string[];
  /** What who acts may do; empty where it is no player's turn. */
  moves: readonly Move[];
}

/**
 * A game in which one acts after another: its rules, and where its present play stands.
 *
 * The meaning is that of OpenSpiel's states and PettingZoo's AEC; simultaneous moves are not possible. Players do not know
 * of each other's information but by `observe` and `informationState`. `checkGame` checks the contract; `seat` makes one
 * player's view an `Env`.
 */
export interface Game<Obs = unknown> {
  /** Name and version, such as `Kuhn-v0`, for messages and snapshots. */
  readonly id: string;
  /** Number of players. */
  readonly players: number;
  /** The set of what a player observes; of each player the same. */
  readonly observationSpace: Space<Obs>;
  /** The actions of players, as whole numbers. */
  readonly actionSpace: Discrete;
  /** The most actions of players in a play; those of chance do not count. */
  readonly maxLength: number;
  /** Whether the returns of a play add up to 0. */
  readonly zeroSum: boolean;
  /**
   * Whether an observation of the player who acts tells all that matters from there on, as that of a board does: solvers then
   * take positions with equal observations as one.
   */
  readonly perfectInformation: boolean;
  /** Ways to look at a position, of which each is as good for learning; the first changes nothing. Without it there is one way. */
  readonly symmetries?: readonly Symmetry[];
  /** Begins a play. A new game has begun one. */
  begin(): void;
  /** Who acts next. */
  turn(): Turn;
  /** The actions that the player whose turn it is may take, ascending; at least one. Empty where it is no player's turn. */
  legalActions(): readonly number[];
  /** What chance may do; empty where it is not its turn. */
  chanceOutcomes(): readonly ChanceOutcome[];
  /**
   * Takes an action of the player whose turn it is, or of chance.
   * @throws Error for any other action, and at the end
   */
  apply(action: number): void;
  /** What each player has won in the play so far, finite numbers [players]; what counts is that at the end. */
  returns(): readonly number[];
  /**
   * What a player knows, where a player acts and at the end. A policy without a memory sees only this, so a game of hidden
   * information shows the player all of it: the own cards, and what everyone did.
   */
  observe(player: number): Obs;
  /**
   * The name of all that a player has seen and done, where a player acts: equal for two plays where the player cannot tell
   * them apart, and only there. Tabular policies have these as keys.
   */
  informationState(player: number): string;
  /** Where the play stands, as plain JSON data to which nobody writes. */
  snapshot(): unknown;
  /** Continues from a result of `snapshot`, also of another instance. */
  restore(snapshot: unknown): void;
  /** Draws the position. */
  render?(): Drawing;
  /** What a player knows, as a person is shown it, where a player acts and at the end. A game without it is played by programs alone. */
  view?(player: number): PlayerView;
}
