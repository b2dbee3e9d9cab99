/**
 * What runs of a small game get at least as each player by their most likely actions, whatever the other does: all of it is tried. Beside it, in how
 * many of the positions that so come about, and of all positions of the game, their action gives a part of the position's value away. Prints Markdown.
 *
 *     npx tsx bench/worst-returns.ts runs/tic-tac-toe-1 runs/tic-tac-toe-2
 */
import { parseArgs } from 'node:util';
import { worstReturns } from '../src/agent/index.ts';
import { type Game, legalMask, Minimax, makeGame } from '../src/envs/index.ts';
import { Agent } from '../src/index.ts';
import { markdownTable } from './markdown.ts';

const { positionals: runs } = parseArgs({ allowPositionals: true });
if (runs.length === 0) throw new Error('expected run directories, such as runs/tic-tac-toe');

const minimax = new Minimax();
const rows = [];
for (const run of runs) {
  const agent = await Agent.load(run, { checkpoint: 'latest', set: ['kernels.threads=1'] });
  const game = makeGame(agent.config.env.id!);
  const worst = await worstReturns(agent, game);
  const row: Record<string, string | number> = { run };
  for (const [player, least] of worst.entries()) {
    row[`as player ${player}`] = least;
    row[`errors as player ${player}`] = await errorsAs([player], agent, game);
  }
  rows.push({ ...row, 'errors in all positions': await errorsAs([], agent, game) });
  agent.dispose();
}
console.log(markdownTable(rows));

/** Errors among positions with a choice. @param players who play the agent's actions, and whose positions count; if none, all positions do */
async function errorsAs(players: readonly number[], agent: Agent, game: Game): Promise<string> {
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
  return `${errors} of ${positions}`;
}
