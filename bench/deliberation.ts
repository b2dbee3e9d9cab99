/**
 * Ways to spend time on an answer, on the same network, after as many updates: more layers, ponder steps of a fixed or a learned number, thought tokens,
 * best of n and search. Prints Markdown: for three budgets the setting of each that fits and does best on other questions, and what each setting gives and takes.
 *
 *     npx tsx bench/deliberation.ts                                  # Addition, Multiply, Countdown and Permute, 3 seeds: hours
 *     npx tsx bench/deliberation.ts --tasks addition --seeds 1 --updates 300 --episodes 256
 *
 * A question's time is that of the processor, on one thread, 32 questions side by side, so that other work of the machine does not count.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DeciderOption } from '../src/agent/agent/create-decider.ts';
import type { EvaluateOptions } from '../src/agent/index.ts';
import { Agent, type ConfigInput, evaluate, makeEnv, parseConfig, train } from '../src/index.ts';
import { markdownTable } from './markdown.ts';

const { values: flags } = parseArgs({
  options: {
    tasks: { type: 'string', default: 'addition,multiply,countdown,permute' },
    seeds: { type: 'string', default: '3' },
    updates: { type: 'string', default: '2000' },
    episodes: { type: 'string', default: '512' },
  },
});
const [seeds, updates, episodes] = [flags.seeds, flags.updates, flags.episodes].map(Number);

/** Multiples of what the smallest plain transformer takes for a question. */
const BUDGETS = [2, 6, 18];
/** Ponder steps that are learned with. */
const DEPTH = 4;
/** Seeds of the questions that are reported, and of those by which settings are chosen. */
const [QUESTIONS, OTHER_QUESTIONS] = [10_000_000, 20_000_000];
/** Decisions of an update. */
const DECISIONS = 2048;

/** A question, and the worked tokens that lead to its answer; 0 where none are demonstrated. */
interface Task {
  id: string;
  options: Record<string, unknown>;
  /** Tokens of prompt and answer. */
  tokens: number;
  thoughts: number;
}

const TASKS: Record<string, Task> = {
  addition: { id: 'Addition-v0', options: { digits: 4 }, tokens: 15, thoughts: 8 },
  multiply: { id: 'Multiply-v0', options: { first: 3, second: 2 }, tokens: 12, thoughts: 13 },
  countdown: { id: 'Countdown-v0', options: { numbers: 3, largest: 20 }, tokens: 10, thoughts: 0 },
  permute: {
    ...{ id: 'Permute-v0', tokens: 12, thoughts: 8 },
    options: { from: 'swaps', factors: 10, minFactors: 5 },
  },
};

/** What is trained: layers before the loop, ponder steps, whether their number is learned, and whether thoughts are written. */
interface Network {
  prelude: number;
  steps: number;
  learned?: true;
  thoughts?: true;
}

const NETWORKS: Record<string, Network> = {
  plain: { prelude: 1, steps: 1 },
  deep: { prelude: 2, steps: 1 },
  deeper: { prelude: 4, steps: 1 },
  fixed: { prelude: 1, steps: DEPTH },
  learned: { prelude: 1, steps: DEPTH, learned: true },
  thoughts: { prelude: 1, steps: 1, thoughts: true },
};

/** A way to spend time on an answer, with its settings from small to large. */
interface Contender {
  name: string;
  settings: readonly Setting[];
}

interface Setting {
  label: string;
  network: string;
  options?: EvaluateOptions;
  /** Room in the scratchpad. */
  thoughts?: number;
}

const doubled = (least: number, most: number) =>
  Array.from({ length: Math.log2(most / least) + 1 }, (_, i) => least * 2 ** i);

function contenders({ thoughts }: Task): Contender[] {
  const layers = (network: string): Setting => ({
    ...{ label: `${NETWORKS[network].prelude} + 1 layers`, network },
  });
  const decided = (network: string, label: string, decider: DeciderOption): Setting => ({
    ...{ label, network, options: { decider } },
  });
  const all: Contender[] = [
    { name: 'plain', settings: ['plain', 'deep', 'deeper'].map(layers) },
    {
      name: 'fixed',
      settings: doubled(1, 16).map((n) => ({
        ...{ label: `${n} steps`, network: 'fixed' },
        options: { exit: { name: 'fixed', ponderSteps: n }, maxSteps: n },
      })),
    },
    {
      name: 'learned halting',
      settings: doubled(1, 16).map((n) => ({
        ...{ label: `at most ${n} steps`, network: 'learned', options: { maxSteps: n } },
      })),
    },
    ...(['vote', 'logProb'] as const).map((by) => ({
      name: `best of n, by ${by}`,
      settings: doubled(2, 32).map((answers) =>
        decided('plain', `n = ${answers}`, { name: 'sample', answers, by }),
      ),
    })),
    {
      name: 'tree, by logProb',
      settings: doubled(2, 16).map((breadth) =>
        decided('plain', `breadth ${breadth}`, { name: 'tree', breadth, expand: 4 }),
      ),
    },
  ];
  if (thoughts === 0) return all;
  const written = [Math.ceil(thoughts / 2), thoughts].map((n) => ({
    ...{ label: `${n} tokens`, network: 'thoughts', thoughts: n },
  }));
  const voted = doubled(2, 8).map((answers) => ({
    ...decided('thoughts', `n = ${answers}`, { name: 'sample', answers, by: 'vote' }),
    thoughts,
  }));
  return [
    ...all,
    { name: 'thoughts', settings: written },
    { name: 'thoughts, best of n by vote', settings: voted },
  ];
}

/** What a setting gives and takes, the mean of questions. */
interface Figures {
  accuracy: number;
  /** That on other questions, by which a setting is chosen. */
  otherAccuracy: number;
  tokens: number;
  ponderSteps: number;
  kiloflops: number;
  milliseconds: number;
}

function configOf(task: Task, { prelude, steps, learned, thoughts }: Network, seed: number) {
  const scratchpad = thoughts ? { thoughts: task.thoughts } : {};
  const length = task.tokens + (thoughts ? task.thoughts + 1 : 0);
  const input: ConfigInput = {
    name: 'deliberation',
    algorithm: 'likelihood',
    env: { id: task.id, options: { ...task.options, ...scratchpad }, count: 32 },
    memory: { length, prelude, observationsOnly: true },
    halting: { rule: learned ? 'ponder' : 'fixed', maxSteps: steps },
    likelihood: { decisions: DECISIONS },
    evaluation: { episodes: 0, everyUpdates: 0 },
    train: { totalSteps: updates * DECISIONS, seed },
    backend: 'simd',
    kernels: { threads: 1 },
  };
  return parseConfig(input);
}

/** Processor time of this process, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measured(
  agent: Agent,
  task: Task,
  { options, thoughts }: Setting,
  seed: number,
): Promise<Omit<Figures, 'otherAccuracy'>> {
  const scratchpad = thoughts === undefined ? {} : { thoughts };
  const began = processorTime();
  const { successRate, perEpisode } = await evaluate(agent, {
    ...{ ...options, episodes, forcedEpisodes: 0, seed },
    env: () => makeEnv(task.id, { ...task.options, ...scratchpad }),
  });
  const { decisions, ponderSteps, flops } = perEpisode!;
  return {
    accuracy: successRate!,
    tokens: decisions,
    ponderSteps,
    kiloflops: flops / 1000,
    milliseconds: (processorTime() - began) / episodes,
  };
}

/** Trains the networks of a task by a seed, and measures each setting of each contender, by names. */
async function figuresOf(task: Task, seed: number): Promise<Map<string, Figures>> {
  const folder = mkdtempSync(join(tmpdir(), 'deliberation-'));
  const agents = new Map<string, Agent>();
  try {
    for (const [network, shape] of Object.entries(NETWORKS)) {
      if (shape.thoughts && task.thoughts === 0) continue;
      const runDir = join(folder, network);
      const began = processorTime();
      await train(configOf(task, shape, seed), { runDir });
      const seconds = ((processorTime() - began) / 1000).toFixed(0);
      process.stderr.write(`${task.id}, seed ${seed}: ${network} trained in ${seconds} s\n`);
      agents.set(network, await Agent.load(runDir));
    }
    const figures = new Map<string, Figures>();
    // On other questions first, when the machine code of what runs is not ready either.
    for (const questions of [OTHER_QUESTIONS, QUESTIONS]) {
      for (const { name, settings } of contenders(task)) {
        for (const setting of settings) {
          const key = `${name}|${setting.label}`;
          const found = await measured(agents.get(setting.network)!, task, setting, questions);
          const { otherAccuracy = found.accuracy } = figures.get(key) ?? {};
          figures.set(key, { ...found, otherAccuracy });
          process.stderr.write(`${key}: ${JSON.stringify(found)}\n`);
        }
      }
    }
    return figures;
  } finally {
    for (const agent of agents.values()) agent.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** The mean over seeds, and the accuracies of each. */
function joined(bySeed: readonly Map<string, Figures>[], key: string) {
  const all = bySeed.map((figures) => figures.get(key)!);
  const of = (name: keyof Figures) => mean(all.map((figures) => figures[name]));
  return {
    accuracies: all.map(({ accuracy }) => accuracy.toFixed(3).replace(/^0/, '')).join(' '),
    otherAccuracy: of('otherAccuracy'),
    ...{ tokens: of('tokens'), ponderSteps: of('ponderSteps') },
    ...{ kiloflops: of('kiloflops'), milliseconds: of('milliseconds') },
  };
}

function print(name: string, task: Task, bySeed: readonly Map<string, Figures>[]): void {
  const all = contenders(task);
  const rows = all.flatMap((contender) =>
    contender.settings.map(({ label }) => {
      const found = joined(bySeed, `${contender.name}|${label}`);
      return {
        ...{ contender: contender.name, setting: label, accuracy: found.accuracies },
        tokens: found.tokens.toFixed(1),
        'ponder steps': found.ponderSteps.toFixed(1),
        kFLOP: found.kiloflops.toFixed(0),
        ms: found.milliseconds.toFixed(2),
      };
    }),
  );
  console.log(`### ${name}: ${task.id} ${JSON.stringify(task.options)}\n`);
  console.log(`${markdownTable(within(all, bySeed, 'milliseconds', 'ms'))}\n`);
  console.log(`${markdownTable(within(all, bySeed, 'kiloflops', 'kFLOP'))}\n`);
  console.log(`${markdownTable(rows)}\n`);
}

/**
 * The accuracy of each contender's best setting within each budget of something, by other questions; budgets are multiples of what the smallest
 * plain transformer takes.
 */
function within(
  all: readonly Contender[],
  bySeed: readonly Map<string, Figures>[],
  what: 'milliseconds' | 'kiloflops',
  unit: string,
) {
  const taken = ({ name }: Contender, { label }: Setting) => joined(bySeed, `${name}|${label}`);
  const least = taken(all[0], all[0].settings[0])[what];
  return all.map((contender) => {
    const otherAccuracy = (one: Setting) => taken(contender, one).otherAccuracy;
    const cells = BUDGETS.map((budget) => {
      const limit = budget * least;
      const fits = contender.settings.filter((one) => taken(contender, one)[what] <= limit);
      const [best] = fits.sort((a, b) => otherAccuracy(b) - otherAccuracy(a));
      const cell = best && `${taken(contender, best).accuracies} (${best.label})`;
      return [`within ${limit.toFixed(limit < 100 ? 2 : 0)} ${unit}`, cell ?? '–'];
    });
    return { contender: contender.name, ...Object.fromEntries(cells) };
  });
}

for (const name of flags.tasks.split(',')) {
  const task = TASKS[name];
  if (task === undefined) {
    throw new Error(`--tasks: expected some of ${Object.keys(TASKS).join(', ')}, got ${name}`);
  }
  const bySeed: Map<string, Figures>[] = [];
  for (let seed = 1; seed <= seeds; seed++) bySeed.push(await figuresOf(task, seed));
  print(name, task, bySeed);
}
