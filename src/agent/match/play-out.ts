import { drawOutcome, type Game, type Opponent } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';

/** Who acts for a player of the game, and the source of what it draws. */
export interface Seated {
  name: string;
  choose: Opponent;
  rng: Rng;
}

/**
 * Plays a game to its end.
 * @param seated for each player of the game
 * @param chance the source of what chance does
 * @returns what each player has won
 * @throws Error for an action that is not legal, and for a play that takes longer than the game says
 */
export async function playOut(
  game: Game,
  seated: readonly Seated[],
  chance: Rng,
): Promise<readonly number[]> {
  game.begin();
  let actions = 0;
  for (let turn = game.turn(); turn !== 'end'; turn = game.turn()) {
    if (turn === 'chance') {
      game.apply(drawOutcome(game.chanceOutcomes(), chance));
      continue;
    }
    if (actions++ === game.maxLength) {
      throw new Error(
        `${game.id}: expected a play of at most ${game.maxLength} actions (maxLength), got more`,
      );
    }
    const { name, choose, rng } = seated[turn];
    const legal = game.legalActions();
    const action = await choose(game.observe(turn), legal, rng, game);
    if (!legal.includes(action)) {
      const expected = `expected a legal action, one of ${legal.join(', ')}`;
      throw new Error(`${game.id}: ${name}: ${expected}, got ${action}`);
    }
    game.apply(action);
  }
  return [...game.returns()];
}
