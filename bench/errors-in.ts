import { type Game, legalMask, Minimax } from '../src/envs/index.ts';
import type { Agent } from '../src/index.ts';

/**
 * In how many positions of a small game with a choice the likeliest action of an agent gives a part of the position's value away.
 * @param players who play the agent's actions, and whose positions count; if none, all positions do
 */
export async function errorsIn(
  game: Game,
  agent: Pick<Agent, 'act'>,
  players: readonly number[] = [],
): Promise<{ errors: number; positions: number }> {
  const minimax = new Minimax();
  let [errors, positions] = [0, 0];
  const met = new Set<string>();
  game.begin();
  let plays = [game.snapshot()];
  while (plays.length > 0) {
    const longer = plays.map(async (play) => {
      game.restore(play);
      const turn = game.turn() as number;
      const legal = game.legalActions();
      const own = players.length === 0 || players.includes(turn);
      let actions = legal;
      if (own && legal.length > 0) {
        const obs = game.observe(turn);
        const best = minimax.best(game);
        const mask = legalMask(game.actionSpace, legal);
        const { action } = await agent.act(obs, { mask, deterministic: true, seed: 0 });
        positions++;
        if (!best.includes(action as number)) errors++;
        if (players.length > 0) actions = [action as number];
      }
      return actions.map((action) => {
        game.restore(play);
        game.apply(action);
        return game.snapshot();
      });
    });
    // Plays that come to the same position go on as one.
    plays = (await Promise.all(longer)).flat().filter((play) => {
      game.restore(play);
      const turn = game.turn();
      if (turn === 'end') return false;
      const key = `${turn} ${game.observe(turn as number)}`;
      return !met.has(key) && met.add(key);
    });
  }
  return { errors, positions };
}
