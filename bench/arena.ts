/**
 * A round robin of ways to spend the time of a move, each limited to as many milliseconds, on the same runs of a game. Games begin with random moves, each
 * such beginning once in either seat, and are played one at a time. Each match is a line of a file; one that is there is not played again, so
 * the same command goes on, and one with more budgets, seeds or players adds to it. Prints Markdown: who is stronger by how much, by player and budget.
 *
 *     npx tsx bench/arena.ts --run 'runs/connect-four-{seed}' --player 'fixed 1, trained so=runs/one-{seed}' --seeds 1,2,3
 *
 * `--player` adds a player by a name and a text as `pondera play` takes it; {seed} stands for each seed.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadPlayer, match, type Player, rate } from '../src/agent/index.ts';
import { type Game, makeGame } from '../src/envs/index.ts';
import { Rng } from '../src/kernels/common/index.ts';
import { markdownTable } from './markdown.ts';

const { values: flags } = parseArgs({
  options: {
    run: { type: 'string' },
    player: { type: 'string', multiple: true, default: [] },
    game: { type: 'string', default: 'ConnectFour-v0' },
    seeds: { type: 'string', default: '1' },
    budgets: { type: 'string', default: '5,20,80' },
    games: { type: 'string', default: '20' },
    opening: { type: 'string', default: '4' },
    out: { type: 'string', default: 'arena.jsonl' },
  },
});
if (flags.run === undefined) throw new Error('expected --run, such as runs/connect-four-{seed}');
const [seeds, budgets] = [flags.seeds, flags.budgets].map((list) => list.split(',').map(Number));
const [games, opening] = [Number(flags.games), Number(flags.opening)];

const searching = (simulations: number) => `+decider=search+search.simulations=${simulations}`;
const fixed = (steps: number) => `+exit=fixed+evaluation.ponderSteps=${steps}`;

/** Ways to decide by the weights of a run, the first of which the others are compared with. */
const WAYS: Record<string, string> = {
  learned: '',
  'fixed 1': fixed(1),
  'fixed 4': fixed(4),
  shuffled: '+exit=random',
  'best of 8': '+decider=sample+sample.by=value',
  'search 8': searching(8),
  'search 32': searching(32),
  'search 128': searching(128),
};

/** A match, as a line of the file. */
interface Line {
  players: [string, string];
  seed: number;
  budget: number;
  games: number;
  /** Wins of the first, draws counting half. */
  score: number;
  /** Mean time of a move of each, by the clock. */
  milliseconds: [number, number];
}

const texts: Record<string, string> = Object.fromEntries([
  ...Object.entries(WAYS).map(([name, settings]) => [name, `${flags.run}${settings}`]),
  ...flags.player.map((text) => {
    const [name, ...rest] = text.split('=');
    return [name, rest.join('=')];
  }),
]);
const names = Object.keys(texts);

/** A game that begins with random moves, the same in two plays after another. */
function opened(seed: number): Game {
  const game = makeGame(flags.game);
  const begin = game.begin.bind(game);
  let plays = 0;
  const beginOpened = () => {
    const rng = Rng.seed(seed, 'opening', plays++ >> 1);
    do {
      begin();
      for (let move = 0; move < opening && game.turn() !== 'end'; move++) {
        const legal = game.legalActions();
        game.apply(legal[rng.int(legal.length)]);
      }
    } while (game.turn() === 'end');
  };
  return Object.assign(game, { begin: beginOpened });
}

/** A player whose moves are timed. */
function clocked(player: Player): Player & { readonly milliseconds: number } {
  let [moves, milliseconds] = [0, 0];
  return {
    ...player,
    join(makeGame) {
      const sit = player.join(makeGame);
      return (game) => {
        const choose = sit(game);
        return async (...position) => {
          const began = performance.now();
          const action = await choose(...position);
          milliseconds += performance.now() - began;
          moves++;
          return action;
        };
      };
    },
    get milliseconds() {
      return milliseconds / moves;
    },
  };
}

async function played(pair: [string, string], seed: number, budget: number): Promise<Line> {
  const loaded = await Promise.all(
    pair.map((name) =>
      loadPlayer(`${texts[name].replaceAll('{seed}', String(seed))}+deadlineMs=${budget}`, {
        set: ['kernels.threads=1'],
      }),
    ),
  );
  try {
    const [first, second] = loaded.map(({ player }) => player);
    // So that the machine code is ready before the clock runs.
    await match(() => opened(seed), [first, second], { games: 2 });
    const [a, b] = [clocked(first), clocked(second)];
    const { players } = await match(() => opened(seed), [a, b], { games, seed });
    const [{ wins, draws }] = players;
    const milliseconds: Line['milliseconds'] = [a.milliseconds, b.milliseconds];
    return { players: pair, seed, budget, games, score: wins + draws / 2, milliseconds };
  } finally {
    for (const { agent } of loaded) agent?.dispose();
  }
}

function readLines(): Line[] {
  if (!existsSync(flags.out)) return [];
  const lines = readFileSync(flags.out, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** How much stronger each player is than the first, with the standard error, and the time that its moves took. */
function row(name: string, lines: readonly Line[]) {
  const cells = budgets.map((budget) => {
    const own = lines.filter((line) => line.budget === budget);
    const scores = own.map(({ players: [a, b], score, games }) => ({
      ...{ players: [names.indexOf(a), names.indexOf(b)] as const, score, games },
    }));
    const { elo, standardError } = rate(names.length, scores).difference(names.indexOf(name), 0);
    const times = own.flatMap(({ players, milliseconds }) =>
      milliseconds.filter((_, i) => players[i] === name),
    );
    const mean = times.reduce((sum, one) => sum + one, 0) / times.length;
    const error = name === names[0] ? '' : ` ± ${standardError.toFixed(0)}`;
    return [`${budget} ms`, `${elo.toFixed(0)}${error} (${mean.toFixed(1)} ms)`];
  });
  return { player: name, ...Object.fromEntries(cells) };
}

const lines = readLines();
for (const budget of budgets) {
  for (const seed of seeds) {
    for (const [i, first] of names.entries()) {
      for (const second of names.slice(i + 1)) {
        const isIt = ({ players: [a, b], ...line }: Line) =>
          a === first && b === second && line.seed === seed && line.budget === budget;
        if (lines.some(isIt)) continue;
        const line = await played([first, second], seed, budget);
        lines.push(line);
        appendFileSync(flags.out, `${JSON.stringify(line)}\n`);
        process.stderr.write(`${JSON.stringify(line)}\n`);
      }
    }
  }
}
const own = lines.filter(
  ({ players, seed }) => players.every((name) => names.includes(name)) && seeds.includes(seed),
);
console.log(markdownTable(names.map((name) => row(name, own))));
