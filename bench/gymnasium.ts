/**
 * Trains a config under several seeds, then plays episodes by which no checkpoint was chosen: a Markdown row a seed,
 * as docs/gymnasium.md has them. Without a config, `--set` names the environment and the steps. Times are of training, without evaluations and checkpoints.
 *
 *     npx tsx bench/gymnasium.ts [configs/lunar-lander.yaml] [--seeds 5] [--first 0] [--episodes 100] [--set PATH=VALUE …] [--runs DIR]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configFromSet } from '../src/agent/config/load-config.ts';
import { spread } from '../src/agent/study/spread.ts';
import { Agent, evaluate, loadConfig, type TrainEvent, train } from '../src/index.ts';

/** Seeds of the played episodes, apart from those of training and of its evaluations. */
const FRESH = 2_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '5' },
    first: { type: 'string', default: '0' },
    episodes: { type: 'string', default: '100' },
    set: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: 'runs/gymnasium' },
  },
});
const episodes = Number(values.episodes);

/** Return and ponder steps of the policy at the end of training and of the best checkpoint, and what it took. */
interface Row {
  last: number;
  best: number;
  steps: number;
  bestSteps: number;
  lost: number;
  minutes: number;
  decisionsPerSecond: number;
}

async function run(seed: number): Promise<Row> {
  const set = [...values.set, `train.seed=${seed}`];
  const [path] = positionals;
  const config = path === undefined ? configFromSet({ set }) : await loadConfig(path, { set });
  const runDir = join(values.runs, `${config.name}-${seed}`);
  let [lost, decisions, seconds] = [0, 0, 0];
  const on = (event: TrainEvent) => {
    if (event.type !== 'updated') return;
    const { envSteps: steps, lostEpisodes, timing } = event.metrics;
    lost += lostEpisodes;
    decisions = steps;
    seconds += timing.seconds - timing.evaluation - timing.checkpoint;
  };
  await train(config, { runDir, on });
  const [last, best] = [await play(runDir, 'latest', seed), await play(runDir, 'best', seed)];
  return {
    last: last.return.mean,
    best: best.return.mean,
    steps: last.ponderSteps.mean,
    bestSteps: best.ponderSteps.mean,
    lost,
    minutes: seconds / 60,
    decisionsPerSecond: decisions / seconds,
  };
}

async function play(runDir: string, checkpoint: 'latest' | 'best', seed: number) {
  const agent = await Agent.load(runDir, { checkpoint });
  try {
    return await evaluate(agent, { episodes, seed: FRESH + seed, forcedEpisodes: 0 });
  } finally {
    agent.dispose();
  }
}

const DIGITS: Record<keyof Row, number> = {
  last: 3,
  steps: 2,
  best: 3,
  bestSteps: 2,
  lost: 0,
  minutes: 2,
  decisionsPerSecond: 0,
};
const names = Object.keys(DIGITS) as (keyof Row)[];
const line = (cells: readonly unknown[]) => console.log(`| ${cells.join(' | ')} |`);

line([
  'seed',
  'return',
  'ponder steps',
  'return, best checkpoint',
  'ponder steps',
  'lost episodes',
  'minutes',
  'decisions/s',
]);
line(Array(1 + names.length).fill('---'));
const rows: Row[] = [];
for (let i = 0; i < Number(values.seeds); i++) {
  const seed = Number(values.first) + i;
  try {
    const row = await run(seed);
    rows.push(row);
    line([seed, ...names.map((name) => row[name].toFixed(DIGITS[name]))]);
  } catch (error) {
    line([seed, `failed: ${(error as Error).message}`]);
  }
}
const summary = (name: keyof Row) => {
  const { mean, std } = spread(rows.map((row) => row[name]))!;
  return `${mean.toFixed(DIGITS[name])} ± ${std.toFixed(DIGITS[name])}`;
};
if (rows.length > 0) line(['mean ± std', ...names.map(summary)]);
