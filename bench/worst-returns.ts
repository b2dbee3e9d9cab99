/**
 * What runs of a small game get at least as each player by their most likely actions, whatever the other does: all of it is tried. Beside it, in how
 * many of the positions that so come about, and of all positions of the game, their action gives a part of the position's value away. Prints Markdown.
 *
 *     npx tsx bench/worst-returns.ts runs/tic-tac-toe-1 runs/tic-tac-toe-2
 */
import { parseArgs } from 'node:util';
import { worstReturns } from '../src/agent/index.ts';
import { makeGame } from '../src/envs/index.ts';
import { Agent } from '../src/index.ts';
import { errorsIn } from './errors-in.ts';
import { markdownTable } from './markdown.ts';

const { positionals: runs } = parseArgs({ allowPositionals: true });
if (runs.length === 0) throw new Error('expected run directories, such as runs/tic-tac-toe');

const rows = [];
for (const run of runs) {
  const agent = await Agent.load(run, { checkpoint: 'latest', set: ['kernels.threads=1'] });
  const game = makeGame(agent.config.env.id!);
  const worst = await worstReturns(agent, game);
  const row: Record<string, string | number> = { run };
  for (const [player, least] of worst.entries()) {
    row[`as player ${player}`] = least;
    row[`errors as player ${player}`] = errorsText(await errorsIn(game, agent, [player]));
  }
  rows.push({ ...row, 'errors in all positions': errorsText(await errorsIn(game, agent)) });
  agent.dispose();
}
console.log(markdownTable(rows));

function errorsText({ errors, positions }: Awaited<ReturnType<typeof errorsIn>>): string {
  return `${errors} of ${positions}`;
}
