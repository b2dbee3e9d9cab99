import type { Rng } from '../../kernels/common/index.ts';
import type { ChanceOutcome, Game } from './game.ts';

/**
 * Who plays a seat: chooses one of the legal actions by what the player observes, or a promise of one.
 *
 * It draws from `rng` alone and remembers nothing, so that a snapshot of the environment is exact. One that searches gets the
 * game, where it is its turn, and leaves it there.
 */
export type Opponent<Obs = unknown> = (
  obs: Obs,
  legalActions: readonly number[],
  rng: Rng,
  game: Game<Obs>,
) => number | Promise<number>;

/** Opponents of whom one is drawn for each play, such as past selves of who learns. */
export interface Lineup<Obs = unknown> {
  /** Draws who plays the next play; its name is a part of snapshots. */
  draw(rng: Rng): string;
  /** The opponent of that name, as it now is. */
  opponent(name: string): Opponent<Obs>;
  /** With whom returns against it are counted together. */
  kind(name: string): string;
}

/** Chooses each legal action with the same probability. */
export const randomOpponent: Opponent = (_obs, legalActions, rng) =>
  legalActions[rng.int(legalActions.length)];

/**
 * Draws what chance does.
 * @param outcomes with probabilities that add up to 1
 * @returns its action
 */
export function drawOutcome(outcomes: readonly ChanceOutcome[], rng: Rng): number {
  let left = rng.float();
  for (const { action, probability } of outcomes) {
    left -= probability;
    if (left < 0) return action;
  }
  return outcomes.at(-1)!.action; // rounding
}
