import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  type Checks,
  callback,
  checkOptions,
  integer,
  listOf,
  signalCheck,
  text,
} from '../../envs/common/index.ts';
import { learnsToHalt } from '../../policy/index.ts';
import { Agent } from '../agent/agent.ts';
import { RunError, UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { configDifferences, differencesText } from '../config/differences.ts';
import { resolvedYaml } from '../config/resolved-yaml.ts';
import { type Measured, measure } from '../evaluate/evaluate.ts';
import type { TrainEvent, UpdateMetrics } from '../events/events.ts';
import { readMetrics, writeFileAtomic } from '../run/index.ts';
import { type Baseline, parseBaseline } from './baseline.ts';
import { tryExit } from './exit-trial.ts';
import { studyMarkdown } from './study-tables.ts';
import { collapsedTo, type Study, type StudyRow, summarize } from './summary.ts';
import { trainRun } from './train-run.ts';

/** The seeds and baselines of a study, and where its runs go. */
export interface StudyOptions {
  /** Number of seeds, which count up from the config's `train.seed`. */
  seeds: number;
  /**
   * Baselines, each one of: `fixed:<ponder steps>`; the name of an exit, such as `converge` or `random`; a decider with its settings,
   * joined by `+`, such as `decider=sample+sample.answers=16`; or overrides of the config to train with, likewise, such as
   * `halting.rule=fixed+price.initial=0`.
   */
  against?: readonly string[];
  /** The directory of the study and of its runs; default `runs/<name>-study`. */
  runDir?: string;
  /** Runs that train at the same time, each in a process of its own; default 1. */
  jobs?: number;
  /** Abort it to end the study: runs that are training save, and `study` rejects. The same call continues it later. */
  signal?: AbortSignal;
  /** Receives every event of the study. */
  on?: (event: StudyEvent) => void;
}

const studyChecks: Checks<StudyOptions> = {
  seeds: integer(1),
  against: listOf(text),
  runDir: text,
  jobs: integer(1),
  signal: signalCheck,
  on: callback,
};

/** An event of a study, in the order it happens. */
export type StudyEvent =
  /** An event of a run that is training. */
  | { type: 'training'; policy: string; seed: number; event: TrainEvent }
  /** A run is trained: `done` of the study's `runs`. */
  | { type: 'trained'; policy: string; seed: number; done: number; runs: number }
  /** A policy has been evaluated under one seed. */
  | { type: 'evaluated'; row: StudyRow };

/** A run to train. */
interface Member {
  policy: string;
  seed: number;
  set: string[];
  runDir: string;
}

/** The number of last updates whose decisions show the ponder steps at the end of training. */
const lastUpdates = 20;

/**
 * Trains a config under several seeds, trains or applies its baselines, and evaluates all of them alike.
 *
 * `study` trains the baselines `fixed:<steps>` and overrides from scratch for as many environment steps. It applies a decider or an
 * exit to the learned weights, and sets an exit so that it takes the same mean ponder steps.
 *
 * It writes `study.json` and `study.md` to the run directory. It does not train a run again that is there already, so
 * the same call continues an interrupted study.
 *
 * ```ts
 * import { loadConfig, study } from 'pondera';
 *
 * const config = await loadConfig('k-hop');
 * const { summary } = await study(config, { seeds: 5, against: ['fixed:2', 'random'] });
 * for (const { policy, success } of summary) console.log(policy, success?.mean);
 * ```
 *
 * @throws UsageError for an unknown baseline, or a directory that holds a study of another config
 * @throws RunError where a run fails
 * @throws RangeError for an unknown option
 */
export async function study(config: Config, options: StudyOptions): Promise<Study> {
  checkOptions('study', options, studyChecks);
  const { signal, on } = options;
  const baselines = (options.against ?? []).map((text) => parseBaseline(text, config));
  const dir = options.runDir ?? join('runs', `${config.name}-study`);
  await mkdir(dir, { recursive: true });
  const configPath = await pinConfig(config, dir);

  const seeds = Array.from({ length: options.seeds }, (_, i) => config.train.seed + i);
  const members = [...seeds.map((seed) => learnedMember(seed, dir))].concat(
    baselines.flatMap((baseline) =>
      baseline.kind === 'trained' ? seeds.map((seed) => trainedMember(baseline, seed, dir)) : [],
    ),
  );
  let done = 0;
  await concurrently(members, options.jobs ?? 1, async (member) => {
    await trainMember(member, configPath, options);
    const { policy, seed } = member;
    on?.({ type: 'trained', policy, seed, done: ++done, runs: members.length });
  });

  const rows: StudyRow[] = [];
  for (const member of members) {
    for await (const row of evaluateMember(member, baselines, signal)) {
      rows.push(row);
      on?.({ type: 'evaluated', row });
    }
  }
  const order = ['learned', ...baselines.map(({ policy }) => policy)];
  rows.sort((a, b) => order.indexOf(a.policy) - order.indexOf(b.policy) || a.seed - b.seed);
  const result = summarize(config.name, rows);
  await writeFileAtomic(join(dir, 'study.json'), `${JSON.stringify(result, null, 2)}\n`);
  await writeFileAtomic(join(dir, 'study.md'), studyMarkdown(result));
  return result;
}

function learnedMember(seed: number, dir: string): Member {
  return { policy: 'learned', seed, set: [], runDir: join(dir, `learned-${seed}`) };
}

function trainedMember(
  { policy, set }: Extract<Baseline, { kind: 'trained' }>,
  seed: number,
  dir: string,
): Member {
  const name = policy.replace(/[^\w.=-]+/g, '-');
  return { policy, seed, set, runDir: join(dir, `${name}-${seed}`) };
}

/** Writes the study’s config, or checks that it is the one already there. */
async function pinConfig(config: Config, dir: string): Promise<string> {
  const path = join(dir, 'config.yaml');
  const text = resolvedYaml(config, dir);
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === undefined) {
    await writeFileAtomic(path, text);
    return path;
  }
  const differences = configDifferences(parse(found), parse(text));
  if (differences.length > 0) {
    throw new UsageError(
      `${dir} holds a study of another config; these settings differ: ${differencesText(differences)}; ` +
        'change them back, or give another run directory',
    );
  }
  return path;
}

async function trainMember(member: Member, config: string, options: StudyOptions): Promise<void> {
  const { policy, seed, set, runDir } = member;
  options.signal?.throwIfAborted();
  const marker = join(runDir, 'trained.json');
  if (existsSync(marker)) return;
  const resume = existsSync(join(runDir, 'config.resolved.yaml'));
  const run = { config, set, seed, runDir, resume };
  const finished = await trainRun(run, {
    signal: options.signal,
    on: (event) => options.on?.({ type: 'training', policy, seed, event }),
  });
  options.signal?.throwIfAborted();
  if (!finished) throw new RunError(`training ${runDir} was interrupted`);
  await writeFile(marker, `${JSON.stringify({ policy, seed })}\n`);
}

async function* evaluateMember(
  { policy, seed, runDir }: Member,
  baselines: readonly Baseline[],
  signal?: AbortSignal,
): AsyncGenerator<StudyRow> {
  const agent = await Agent.load(runDir);
  try {
    const learned = policy === 'learned';
    const found = await measure(agent, { forcedEpisodes: learned ? undefined : 0, signal });
    const { histogram, trainingSeconds } = await trainingOf(runDir);
    const { halting } = agent.config;
    const { mean } = found.evaluation.ponderSteps;
    const collapsed = learnsToHalt(halting) ? collapsedTo(mean, histogram, halting) : undefined;
    yield { policy, seed, runDir, ...measuredRow(found), collapsed, trainingSeconds };
    if (!learned) return;
    for (const baseline of baselines) {
      if (baseline.kind === 'trained') continue;
      const { policy } = baseline;
      if (baseline.kind === 'decider') {
        const tried = await measure(agent, { ...baseline, forcedEpisodes: 0, signal });
        yield { policy, seed, runDir, ...measuredRow(tried) };
      } else {
        const { setting, ...tried } = await tryExit(agent, baseline.exit, signal);
        yield { policy, seed, runDir, ...measuredRow(tried), setting };
      }
    }
  } finally {
    agent.dispose();
  }
}

function measuredRow({ evaluation, milliseconds }: Measured) {
  const decisions = evaluation.episodes * evaluation.perEpisode!.decisions;
  return { evaluation, millisecondsPerDecision: milliseconds / decisions };
}

/**
 * How a run trained: decisions of its last updates by ponder steps (index i is i + 1 steps), and the seconds that it
 * took without evaluations and checkpoints.
 */
async function trainingOf(
  runDir: string,
): Promise<{ histogram: number[]; trainingSeconds: number }> {
  const records = (await readMetrics(join(runDir, 'metrics.jsonl'))) as unknown as UpdateMetrics[];
  const histograms = records.slice(-lastUpdates).map((record) => record.histogram);
  const histogram = (histograms.at(-1) ?? []).map((_, i) =>
    histograms.reduce((sum, row) => sum + row[i], 0),
  );
  const trainingSeconds = records.reduce(
    (sum, { timing }) => sum + timing.seconds - timing.evaluation - timing.checkpoint,
    0,
  );
  return { histogram, trainingSeconds };
}

/** Runs `work` over the items, `jobs` at a time; after a failure nothing new is begun. */
async function concurrently<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item && !failed; item = waiting.shift()) {
      await work(item).catch((error) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: jobs }, worker));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
