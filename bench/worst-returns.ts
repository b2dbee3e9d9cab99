/**
 * What runs of a small game get at least as each player by their most likely actions, whatever the other does: all of it is tried. Prints Markdown.
 *
 *     npx tsx bench/worst-returns.ts runs/tic-tac-toe-1 runs/tic-tac-toe-2
 */
import { parseArgs } from 'node:util';
import { worstReturns } from '../src/agent/index.ts';
import { makeGame } from '../src/envs/index.ts';
import { Agent } from '../src/index.ts';
import { markdownTable } from './markdown.ts';

const { positionals: runs } = parseArgs({ allowPositionals: true });
if (runs.length === 0) throw new Error('expected run directories, such as runs/tic-tac-toe');

const rows = [];
for (const run of runs) {
  const agent = await Agent.load(run, { checkpoint: 'latest', set: ['kernels.threads=1'] });
  const worst = await worstReturns(agent, makeGame(agent.config.env.id!));
  rows.push({ run, ...Object.fromEntries(worst.map((least, i) => [`as player ${i}`, least])) });
  agent.dispose();
}
console.log(markdownTable(rows));
