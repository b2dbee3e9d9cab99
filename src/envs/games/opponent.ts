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
