/**
 * Trains a ladder of sizes and depths on a text, by as many floating-point operations each, and fits held-out loss against the operations of training
 * and against those of a token. Each run is a line of a file; a run that is there is not trained again, so the same command goes on, and one
 * with more budgets adds to it. Prints Markdown.
 *
 *     npx tsx bench/scaling.ts --file brown.txt                                 # three decades, hours on one core
 *     npx tsx bench/scaling.ts --file brown.txt --budgets 3e9,1e10    # minutes
 *
 * An update takes three times the operations of its forward pass. With learned halting it passes through all ponder steps.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, type ConfigInput, evaluate, makeEnv, parseConfig, train } from '../src/index.ts';
import { Rng } from '../src/kernels/common/index.ts';
import { loadBackend } from '../src/kernels/index.ts';
import { markdownTable } from './markdown.ts';
import { fitPowerLaw, type Point } from './power-law.ts';

const { values: flags } = parseArgs({
  options: {
    file: { type: 'string' },
    budgets: { type: 'string', default: '3e9,1e10,3e10,1e11,3e11,1e12,3e12' },
    seeds: { type: 'string', default: '1' },
    out: { type: 'string', default: 'scaling.jsonl' },
  },
});
const { file } = flags;
if (file === undefined) throw new Error('expected --file, a text in UTF-8');
const budgets = flags.budgets.split(',').map(Number);

/** Numbers in a token of each size. */
const WIDTHS = [8, 16, 32, 64, 128];
/** Blocks before the loop, ponder steps, and whether their number is learned. */
const DEPTHS: Record<string, { prelude: number; steps: number; learned?: true }> = {
  plain: { prelude: 2, steps: 1 },
  'fixed 2': { prelude: 1, steps: 2 },
  'fixed 4': { prelude: 1, steps: 4 },
  learned: { prelude: 1, steps: 4, learned: true },
};
/** Tokens of training for each parameter, between which a size is worth trying. */
const [FEWEST, MOST] = [2, 400];
/** Tokens of a window of the text, and of an update. */
const [WINDOW, TOKENS] = [64, 2048];
/** Held-out windows. */
const EPISODES = 512;

/** A run, as a line of the file. */
interface Run {
  depth: string;
  width: number;
  seed: number;
  /** Operations that training was to take. */
  budget: number;
  parameters: number;
  tokens: number;
  trainFlops: number;
  /** Of held-out tokens. */
  nats: number;
  accuracy: number;
  ponderSteps: number;
  flopsPerToken: number;
  seconds: number;
}

function configOf(depth: string, width: number, seed: number, totalSteps: number): ConfigInput {
  const { prelude, steps, learned } = DEPTHS[depth];
  return {
    name: 'scaling',
    algorithm: 'likelihood',
    env: { id: 'Text-v0', options: { file, tokens: 'characters', window: WINDOW }, count: 32 },
    policy: { width, feedForward: 2 * width, heads: Math.max(1, width / 16) },
    memory: { length: WINDOW, prelude, observationsOnly: true },
    halting: { rule: learned ? 'ponder' : 'fixed', maxSteps: steps },
    likelihood: { decisions: TOKENS },
    evaluation: { episodes: 0, everyUpdates: 0 },
    train: { totalSteps, seed },
    backend: 'simd',
    kernels: { threads: 1 },
  };
}

const known = new Map<string, ReturnType<typeof measuredCost>>();

/** Parameters of a size, and operations of training with a token. */
function costOf(depth: string, width: number): ReturnType<typeof measuredCost> {
  const key = `${depth} ${width}`;
  const cost = known.get(key) ?? measuredCost(depth, width);
  known.set(key, cost);
  return cost;
}

async function measuredCost(depth: string, width: number) {
  const config = parseConfig(configOf(depth, width, 0, TOKENS));
  const agent = await Agent.create(config, process.cwd());
  try {
    const { entry, thought, ponderStep } = agent.policy.multiplyAdds;
    const forward = 2 * (entry + thought + DEPTHS[depth].steps * ponderStep);
    return { parameters: agent.policy.parameters.size, flops: 3 * forward };
  } finally {
    agent.dispose();
  }
}

async function trained(depth: string, width: number, seed: number, budget: number): Promise<Run> {
  const { parameters, flops } = await costOf(depth, width);
  const updates = Math.max(1, Math.round(budget / flops / TOKENS));
  const tokens = updates * TOKENS;
  const runDir = mkdtempSync(join(tmpdir(), 'scaling-'));
  const began = performance.now();
  try {
    await train(parseConfig(configOf(depth, width, seed, tokens)), { runDir });
    const seconds = (performance.now() - began) / 1000;
    const agent = await Agent.load(runDir);
    try {
      const heldOut = { file, tokens: 'characters', window: WINDOW, part: 'held-out' };
      const { nats, ponderSteps, perEpisode, ...found } = await evaluate(agent, {
        ...{ episodes: EPISODES, forcedEpisodes: 0, seed: 1_000_000 },
        env: () => makeEnv('Text-v0', heldOut),
      });
      return {
        ...{ depth, width, seed, budget, parameters, tokens },
        trainFlops: tokens * flops,
        nats: nats!,
        accuracy: found.return.mean,
        ponderSteps: ponderSteps.mean,
        flopsPerToken: perEpisode!.flops / perEpisode!.decisions,
        seconds,
      };
    } finally {
      agent.dispose();
    }
  } finally {
    rmSync(runDir, { recursive: true, force: true });
  }
}

/** The sizes that a budget gives enough tokens, and not too many. */
async function sizesFor(depth: string, budget: number): Promise<number[]> {
  const costs = await Promise.all(WIDTHS.map((width) => costOf(depth, width)));
  return WIDTHS.filter((_, i) => {
    const { parameters, flops } = costs[i];
    const perParameter = budget / flops / parameters;
    return perParameter >= FEWEST && perParameter <= MOST;
  });
}

function readRuns(): Run[] {
  if (!existsSync(flags.out)) return [];
  const lines = readFileSync(flags.out, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Run);
}

/** The best size of each budget and seed. */
function frontier(runs: readonly Run[]): Run[] {
  const best = new Map<string, Run>();
  for (const run of runs) {
    const key = `${run.budget} ${run.seed}`;
    const before = best.get(key);
    if (before === undefined || run.nats < before.nats) best.set(key, run);
  }
  return [...best.values()].sort((a, b) => a.budget - b.budget);
}

function fitted(depth: string, points: readonly Point[]) {
  const rng = Rng.seed(0, 'scaling');
  const costs = new Set(points.map(({ cost }) => cost));
  if (costs.size < 4) return { depth, runs: points.length, exponent: '–', floor: '–', error: '–' };
  const law = fitPowerLaw(points, (n) => rng.int(n));
  const range = ([low, high]: [number, number]) => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
  return {
    ...{ depth, runs: points.length },
    exponent: `${law.exponent.toFixed(3)} ${range(law.exponents)}`,
    floor: `${law.floor.toFixed(3)} ${range(law.floors)}`,
    error: law.error.toFixed(3),
  };
}

function print(runs: readonly Run[]): void {
  const depths = Object.keys(DEPTHS).filter((depth) => runs.some((run) => run.depth === depth));
  const best = depths.flatMap((depth) => frontier(runs.filter((run) => run.depth === depth)));
  const of = (depth: string) => best.filter((run) => run.depth === depth);
  console.log('## The best size of each budget\n');
  console.log(
    `${markdownTable(
      best.map((run) => ({
        depth: run.depth,
        'training FLOPs': run.budget.toExponential(0),
        seed: run.seed,
        width: run.width,
        parameters: run.parameters,
        tokens: run.tokens,
        nats: run.nats.toFixed(3),
        accuracy: run.accuracy.toFixed(3),
        'ponder steps': run.ponderSteps.toFixed(2),
        'kFLOP a token': (run.flopsPerToken / 1000).toFixed(0),
        seconds: run.seconds.toFixed(0),
      })),
    )}\n`,
  );
  const byTraining = (depth: string) =>
    of(depth).map(({ trainFlops, nats }) => ({ cost: trainFlops, loss: nats }));
  console.log('## nats = floor + scale · (FLOPs of training)^−exponent, 95 % intervals\n');
  console.log(`${markdownTable(depths.map((depth) => fitted(depth, byTraining(depth))))}\n`);
  const byToken = (depth: string) =>
    of(depth).map(({ flopsPerToken, nats }) => ({ cost: flopsPerToken, loss: nats }));
  console.log('## nats = floor + scale · (FLOPs of a token)^−exponent, along the same runs\n');
  console.log(`${markdownTable(depths.map((depth) => fitted(depth, byToken(depth))))}\n`);
}

await loadBackend('simd');
const runs = readRuns();
for (const budget of budgets) {
  for (let seed = 0; seed < Number(flags.seeds); seed++) {
    for (const depth of Object.keys(DEPTHS)) {
      for (const width of await sizesFor(depth, budget)) {
        const isIt = (run: Run) =>
          run.depth === depth && run.width === width && run.seed === seed && run.budget === budget;
        if (runs.some(isIt)) continue;
        const run = await trained(depth, width, seed, budget);
        runs.push(run);
        appendFileSync(flags.out, `${JSON.stringify(run)}\n`);
        process.stderr.write(`${JSON.stringify(run)}\n`);
      }
    }
  }
}
print(runs);
