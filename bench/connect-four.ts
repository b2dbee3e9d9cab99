/**
 * How well runs of ConnectFour-v0 play positions that are solved exactly: the share of their most likely moves that keep what perfect play gets, and of
 * those that are perfect (win as soon, lose as late as possible), and the ponder steps that they take, by the moves left under perfect play. Prints
 * Markdown.
 *
 *     npx tsx bench/connect-four.ts runs/connect-four --positions 200
 *
 * Positions come of random moves, whose seed no training has; with the fewest stones, a position takes seconds to solve.
 */
import { parseArgs } from 'node:util';
import { legalMask, makeGame } from '../src/envs/index.ts';
import { Agent } from '../src/index.ts';
import { Rng } from '../src/kernels/common/index.ts';
import { ConnectFourSolver } from './connect-four-solver.ts';
import { markdownTable } from './markdown.ts';

const { values: flags, positionals: runs } = parseArgs({
  allowPositionals: true,
  options: {
    positions: { type: 'string', default: '200' },
    fewest: { type: 'string', default: '16' },
    most: { type: 'string', default: '34' },
    seed: { type: 'string', default: '1' },
  },
});
if (runs.length === 0) throw new Error('expected run directories, such as runs/connect-four');
const [count, fewest, most] = [flags.positions, flags.fewest, flags.most].map(Number);

const CELLS = 42;
/** The most moves left of each group of positions, the hardest last. */
const GROUPS = [1, 3, 5, 9, 15, CELLS];

/** A position that leaves a choice, and what each move is worth (`ConnectFourSolver`). */
interface Solved {
  moves: number[];
  values: Map<number, number>;
  best: number;
  /** Moves to the end, where both play perfectly. */
  left: number;
}

/** The moves of a random play that goes on after so many. */
function randomMoves(stones: number, rng: Rng): number[] {
  for (;;) {
    const game = makeGame('ConnectFour-v0');
    const moves: number[] = [];
    while (moves.length < stones && game.turn() !== 'end') {
      const legal = game.legalActions();
      moves.push(legal[rng.int(legal.length)]);
      game.apply(moves.at(-1)!);
    }
    if (game.turn() !== 'end') return moves;
  }
}

function solvedPositions(): Solved[] {
  const solver = new ConnectFourSolver();
  const rng = Rng.seed(Number(flags.seed), 'held-out positions');
  const found: Solved[] = [];
  while (found.length < count) {
    const moves = randomMoves(fewest + (found.length % (most - fewest + 1)), rng);
    const values = solver.moveValues(moves);
    const best = Math.max(...values.values());
    // Where every move comes to the same, none is better.
    if (Math.min(...values.values()) === best) continue;
    const end = best === 0 ? CELLS : CELLS + 1 - Math.abs(best);
    found.push({ moves, values, best, left: end - moves.length });
  }
  return found;
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

const positions = solvedPositions();
const groups = GROUPS.map((upTo, i) => ({
  title:
    i === 0
      ? `${upTo}`
      : upTo === CELLS
        ? `${GROUPS[i - 1] + 1} or more`
        : `${GROUPS[i - 1] + 1} to ${upTo}`,
  own: positions.filter(({ left }) => left <= upTo && left > (GROUPS[i - 1] ?? 0)),
})).filter(({ own }) => own.length > 0);
const share = (found: readonly boolean[]) =>
  (found.filter(Boolean).length / found.length).toFixed(2);

for (const run of runs) {
  const agent = await Agent.load(run, { set: ['kernels.threads=1'] });
  const rows = [];
  for (const { title, own } of [...groups, { title: 'all', own: positions }]) {
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
