/**
 * How well runs of ConnectFour-v0 play positions that are solved exactly: the share of their most likely moves that keep what perfect play gets, and of
 * those that are perfect (win as soon, lose as late as possible), and the ponder steps that they take, by the moves left under perfect play. Prints
 * Markdown.
 *
 *     npx tsx bench/connect-four.ts runs/connect-four --positions 50
 *
 * Positions come of random moves, as many of each group; the fewer stones they have, the longer they take to solve.
 */
import { parseArgs } from 'node:util';
import { legalMask, makeGame } from '../src/envs/index.ts';
import { Agent } from '../src/index.ts';
import { Rng } from '../src/kernels/common/index.ts';
import { ConnectFourSolver } from './connect-four-solver.ts';
import { markdownTable } from './markdown.ts';
import { randomPosition } from './random-position.ts';

const { values: flags, positionals: runs } = parseArgs({
  allowPositionals: true,
  options: {
    positions: { type: 'string', default: '50' },
    fewest: { type: 'string', default: '20' },
    most: { type: 'string', default: '34' },
    seed: { type: 'string', default: '1' },
  },
});
if (runs.length === 0) throw new Error('expected run directories, such as runs/connect-four');
const [count, fewest, most] = [flags.positions, flags.fewest, flags.most].map(Number);

const CELLS = 42;
/** The most moves left of each group of positions, the hardest last. */
const GROUPS = [1, 5, 13, CELLS];

/** A position that leaves a choice, and what each move is worth (`ConnectFourSolver`). */
interface Solved {
  moves: number[];
  values: Map<number, number>;
  best: number;
}

/** As many positions of each group [groups][positions]. */
function solvedPositions(): Solved[][] {
  const solver = new ConnectFourSolver();
  const rng = Rng.seed(Number(flags.seed), 'held-out positions');
  const groups: Solved[][] = GROUPS.map(() => []);
  for (let tries = 0; groups.some(({ length }) => length < count); tries++) {
    const { moves } = randomPosition(fewest + (tries % (most - fewest + 1)), rng);
    const values = solver.moveValues(moves);
    const best = Math.max(...values.values());
    // Where every move comes to the same, none is better.
    if (Math.min(...values.values()) === best) continue;
    const left = (best === 0 ? CELLS : CELLS + 1 - Math.abs(best)) - moves.length;
    const group = groups[GROUPS.findIndex((upTo) => left <= upTo)];
    if (group.length < count) group.push({ moves, values, best });
  }
  return groups;
}

/** What an agent does in a position. */
async function answer(agent: Agent, { moves }: Solved) {
  const game = makeGame('ConnectFour-v0');
  for (const move of moves) game.apply(move);
  const mask = legalMask(game.actionSpace, game.legalActions());
  const obs = game.observe(game.turn() as number);
  const { action, thought } = await agent.act(obs, { mask, deterministic: true, seed: 0 });
  return { action: action as number, ponderSteps: thought.ponderSteps };
}

const groups = solvedPositions().map((own, i) => {
  const from = 1 + (GROUPS[i - 1] ?? 0);
  const upTo = GROUPS[i] === CELLS ? ' or more' : GROUPS[i] === from ? '' : ` to ${GROUPS[i]}`;
  return { title: `${from}${upTo}`, own };
});
const share = (found: readonly boolean[]) =>
  (found.filter(Boolean).length / found.length).toFixed(2);

for (const run of runs) {
  const agent = await Agent.load(run, { set: ['kernels.threads=1'] });
  const rows = [];
  for (const { title, own } of groups) {
    const answers = await Promise.all(own.map((position) => answer(agent, position)));
    const worth = own.map(({ values }, i) => values.get(answers[i].action)!);
    const byChance = own.map(({ values, best }) => {
      const all = [...values.values()];
      return all.filter((value) => Math.sign(value) === Math.sign(best)).length / all.length;
    });
    const mean = (numbers: readonly number[]) =>
      numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    rows.push({
      'moves left': title,
      positions: own.length,
      'keeps the outcome': share(own.map(({ best }, i) => Math.sign(worth[i]) === Math.sign(best))),
      'by chance': mean(byChance).toFixed(2),
      perfect: share(own.map(({ best }, i) => worth[i] === best)),
      'ponder steps': mean(answers.map(({ ponderSteps }) => ponderSteps)).toFixed(2),
    });
  }
  console.log(`### ${run}\n\n${markdownTable(rows)}\n`);
  agent.dispose();
}
