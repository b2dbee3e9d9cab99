import type { EnvFactory } from '../envs/index.ts';
import {
  bernoulli,
  converge,
  type Exit,
  fixed,
  type HaltingRule,
  random,
} from '../policy/index.ts';
import type { Agent } from './agent.ts';
import { envName, envSource } from './env-setup.ts';
import { UsageError } from './errors.ts';
import type { Evaluation } from './events.ts';
import { type Played, play, type Survive } from './play.ts';
import { mean, meanAndStd, ponderSteps, spearman, successRate } from './statistics.ts';

export type HaltingName = 'bernoulli' | 'fixed' | 'random' | 'converge';

export interface EvaluateOptions {
  episodes?: number;
  /** The same seed plays the same episodes; the run's seed + 1 million unless given. */
  seed?: number;
  /** How the learned head ends a thought. */
  exit?: Exit;
  /** The rule that ends thoughts, in place of the one that was trained. */
  halting?: HaltingName;
  /** Ponder steps of the rule fixed. */
  steps?: number;
  /** KL in nats of the rule converge. */
  tolerance?: number;
  /** Ponder steps at most; may exceed what was trained. */
  maxSteps?: number;
  /** Episodes played forced to each depth; as many as `episodes` unless given, 0 for none. */
  forcedEpisodes?: number;
  /** Depths that are forced; minSteps to maxSteps unless given. */
  depths?: readonly number[];
  /** An environment passed to the library, in place of the config's. */
  env?: EnvFactory;
  signal?: AbortSignal;
  /** How environments that fail are survived; unless given, the first ends it. */
  survive?: Survive;
}

/** Evaluation seeds lie apart from those that people give their training runs. */
const SEED_OFFSET = 1_000_000;

/** Plays episodes on separate environments and says how well, how long it thought, and when. */
export async function evaluate(agent: Agent, options: EvaluateOptions = {}): Promise<Evaluation> {
  return (await measure(agent, options)).evaluation;
}

/** `evaluate`, with the mean ponder steps beyond minSteps an episode took. */
export async function measure(
  agent: Agent,
  options: EvaluateOptions = {},
): Promise<{ evaluation: Evaluation; pricedSteps: number }> {
  agent.checkUsable('evaluate');
  const { config } = agent;
  const episodes = options.episodes ?? config.evaluation.episodes;
  const seed = options.seed ?? config.train.seed + SEED_OFFSET;
  const { minSteps } = config.halting;
  const maxSteps = options.maxSteps ?? Math.max(config.halting.maxSteps, options.steps ?? 0);
  if (maxSteps < minSteps) {
    throw new UsageError(
      `maxSteps: expected at least halting.minSteps (${minSteps}), got ${maxSteps}`,
    );
  }
  const source = await envSource(config, process.cwd(), options);
  const base = { seed, maxSteps, signal: options.signal, survive: options.survive };
  const run = (rule: HaltingRule, count = episodes) =>
    play(agent, source, { ...base, rule, episodes: count });

  const rule = await ruleFor(agent, options, run);
  const played = await run(rule);
  const forcedDepth: Evaluation['forcedDepth'] = [];
  const forcedEpisodes = options.forcedEpisodes ?? episodes;
  const depths =
    options.depths ?? Array.from({ length: maxSteps - minSteps + 1 }, (_, i) => minSteps + i);
  for (const steps of forcedEpisodes > 0 ? depths : []) {
    const { episodes } = await run(fixed(steps), forcedEpisodes);
    const forced = meanAndStd(episodes.map((episode) => episode.return));
    forcedDepth.push({
      steps,
      episodes: episodes.length,
      return: forced.mean,
      std: forced.std,
      successRate: successRate(episodes.map(({ success }) => success)),
    });
  }
  return {
    evaluation: { env: envName(config), ...summarise(played, agent.price), forcedDepth },
    pricedSteps: mean(played.episodes.map((episode) => episode.pricedSteps))!,
  };
}

async function ruleFor(
  { config }: Agent,
  options: EvaluateOptions,
  run: (rule: HaltingRule) => Promise<Played>,
): Promise<HaltingRule> {
  const { evaluation, halting } = config;
  const learned = bernoulli(options.exit ?? evaluation.exit, evaluation.quantile);
  switch (options.halting ?? halting.rule) {
    case 'bernoulli':
      return learned;
    case 'fixed':
      return fixed(options.steps ?? halting.steps ?? halting.maxSteps);
    case 'random':
      return random((await run(learned)).histogram);
    case 'converge':
      return converge(options.tolerance ?? DEFAULT_TOLERANCE);
  }
}

/** Nats; Looped Actor's 1e-3 halts too late for small policies. */
const DEFAULT_TOLERANCE = 0.01;

function summarise(
  { episodes, decisions, histogram }: Played,
  price: number,
): Omit<Evaluation, 'env' | 'forcedDepth'> {
  const known = decisions.filter((d) => d.difficulty !== undefined);
  const levels = [...new Set(known.map((d) => d.difficulty!))].sort((a, b) => a - b);
  return {
    episodes: episodes.length,
    return: meanAndStd(episodes.map((episode) => episode.return)),
    netReturn: meanAndStd(episodes.map((episode) => episode.return - price * episode.pricedSteps)),
    successRate: successRate(episodes.map(({ success }) => success)),
    ponderSteps: ponderSteps(histogram),
    byDifficulty: levels.map((difficulty) => {
      const own = known.filter((d) => d.difficulty === difficulty);
      const begun = episodes.filter((episode) => episode.difficulty === difficulty);
      return {
        difficulty,
        decisions: own.length,
        successRate: successRate(begun.map(({ success }) => success)),
        ponderSteps: mean(own.map(({ steps }) => steps))!,
      };
    }),
    spearman: spearman(
      known.map(({ steps }) => steps),
      known.map((d) => d.difficulty!),
    ),
  };
}
