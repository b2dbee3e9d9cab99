import type { Rng } from '../../kernels/common/index.ts';
import type { Game } from './game.ts';
import { drawOutcome } from './opponent.ts';

/** Begins a play with 0 to `most` random plies: each number is as likely, and so is each legal action. All is drawn again where it would be over. */
export function beginWith(game: Game, most: number, rng: Rng): void {
  do {
    game.begin();
    for (let plies = most && rng.int(most + 1); plies > 0 && game.turn() !== 'end'; ) {
      if (game.turn() === 'chance') game.apply(drawOutcome(game.chanceOutcomes(), rng));
      else {
        const legal = game.legalActions();
        game.apply(legal[rng.int(legal.length)]);
        plies--;
      }
    }
  } while (game.turn() === 'end');
}
