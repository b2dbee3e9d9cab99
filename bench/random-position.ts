import { type Game, makeGame } from '../src/envs/index.ts';
import type { Rng } from '../src/kernels/common/index.ts';

/** A Connect-4 game after so many random moves, which goes on, and those moves. */
export function randomPosition(stones: number, rng: Rng): { game: Game; moves: number[] } {
  for (;;) {
    const game = makeGame('ConnectFour-v0');
    const moves: number[] = [];
    while (moves.length < stones && game.turn() !== 'end') {
      const legal = game.legalActions();
      moves.push(legal[rng.int(legal.length)]);
      game.apply(moves.at(-1)!);
    }
    if (game.turn() !== 'end') return { game, moves };
  }
}
