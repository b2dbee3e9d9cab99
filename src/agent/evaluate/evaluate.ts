import {
  anything,
  type Checks,
  callback,
  checkOptions,
  finiteDuration,
  flag,
  integer,
  listOf,
  signalCheck,
} from '../../envs/common/index.ts';
import type { EnvFactory } from '../../envs/index.ts';
import { fixed, type HaltingRule } from '../../policy/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { DeciderOption } from '../agent/create-decider.ts';
import { type ExitOption, exitCheck, exitOf, lacks, ruleOf } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';
import { envName } from '../config/env-name.ts';
import { envSource } from '../config/env-source.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';
import type { Evaluation } from '../events/events.ts';
import { mean, meanAndStd, ponderSteps, spearman, successRate } from '../events/statistics.ts';
import type { Likelihood } from './likelihood.ts';
import {
  type FailureTolerance,
  onStage,
  type Played,
  type Progress,
  type Stage,
  type StageOptions,
} from './play.ts';

/** How many episodes an evaluation plays, and how the agent thinks in them. */
export interface EvaluateOptions {
  /** Episodes played; default: the config's `evaluation.episodes`. */
  episodes?: number;
  /** The same seed plays the same episodes; default: the run's seed plus 1,000,000. */
  seed?: number;
  /** The exit that ends thoughts; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** The decider, with its settings; default: the config's. */
  decider?: DeciderOption;
  /** The longest time for a decision, in milliseconds: the best of what is there by then is done. Default: no limit. */
  deadlineMs?: number;
  /** `true` takes the most likely actions, `false` draws them; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** The most ponder steps of a decision; it may exceed the config's `halting.maxSteps`, which is the default. */
  maxSteps?: number;
  /** Episodes played at each forced depth, 0 for none; default: `episodes`. */
  forcedEpisodes?: number;
  /** The depths to force, in ponder steps; default: each from `halting.minSteps` to `maxSteps`. */
  depths?: readonly number[];
  /** An environment in place of the config's. */
  env?: EnvFactory;
  /** Abort it to end the evaluation, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * How many failures of environments to tolerate; default: the config's `guards.envFailures`.
   * @internal
   */
  tolerance?: FailureTolerance;
  /** Receives the counts so far after each batch of decisions; `of` is the number of episodes to play. */
  progress?: (progress: Progress & { of: number }) => void;
}

const evaluateChecks: Checks<EvaluateOptions> = {
  episodes: integer(1),
  seed: integer(0),
  exit: exitCheck,
  decider: anything,
  deadlineMs: finiteDuration,
  deterministic: flag,
  maxSteps: integer(1),
  forcedEpisodes: integer(0),
  depths: listOf(integer(1)),
  env: callback,
  signal: signalCheck,
  tolerance: anything,
  progress: callback,
};

/** Keeps the seeds of evaluations apart from those of training runs. */
const SEED_OFFSET = 1_000_000;

/**
 * Plays episodes on environments of its own and reports returns, ponder steps, and the return at each forced depth. It
 * truncates an episode after `evaluation.maxEpisodeSteps` decisions and counts it under `cut`.
 *
 * ```ts
 * import { Agent, evaluate } from 'pondera';
 *
 * const agent = await Agent.load('runs/k-hop');
 * const { return: net, ponderSteps } = await evaluate(agent, { episodes: 100, exit: 'threshold' });
 * console.log(net.mean, ponderSteps.mean);
 * ```
 *
 * @throws UsageError for options that do not fit the config, RangeError for an unknown option, EnvError where
 *   environments fail more often than allowed
 */
export async function evaluate(agent: Agent, options: EvaluateOptions = {}): Promise<Evaluation> {
  agent.checkUsable('evaluate');
  checkOptions('evaluate', options, evaluateChecks);
  return (await measure(agent, options)).evaluation;
}

/** The result of `measure`. */
export interface Measured {
  evaluation: Evaluation;
  /** Mean ponder steps beyond minSteps that an episode took. */
  pricedSteps: number;
  /** The time that its episodes took, those at forced depths left out. */
  milliseconds: number;
}

/** As `evaluate`, with the ponder steps that the episodes paid for. */
export async function measure(
  agent: Agent,
  options: EvaluateOptions & Pick<StageOptions, 'watch' | 'calling'> = {},
): Promise<Measured> {
  const plan = planOf(agent, options);
  const source = await envSource(agent.config, process.cwd(), options);
  const { signal, tolerance, watch, calling } = options;
  const most = Math.max(plan.episodes, plan.depths.length > 0 ? plan.forcedEpisodes : 0);
  const stage = { episodes: most, signal, tolerance, watch, calling };
  return onStage(agent, source, stage, (stage) => measureOn(stage, agent, options));
}

/** As `measure`, on an open stage. */
export async function measureOn(
  stage: Stage,
  agent: Agent,
  options: EvaluateOptions = {},
): Promise<Measured> {
  const { episodes, forcedEpisodes, depths, maxSteps, seed } = planOf(agent, options);
  const { config } = agent;
  const trial = lacks(exitOf(config, options.exit)) ? episodes : 0;
  const of = episodes + trial + depths.length * forcedEpisodes;
  const before = { episodes: 0, decisions: 0 };
  const run = async (rule: HaltingRule, count = episodes) => {
    let latest = { episodes: 0, decisions: 0 };
    const progress = (now: Progress) => {
      latest = now;
      const [episodes, decisions] = [
        before.episodes + now.episodes,
        before.decisions + now.decisions,
      ];
      options.progress?.({ episodes, decisions, of });
    };
    const { deterministic, decider, deadlineMs } = options;
    const how = { maxSteps, rule, deterministic, decider, deadlineMs };
    const playing = { seed, ...how, episodes: count, progress };
    const played = await stage.play(playing);
    before.episodes += latest.episodes;
    before.decisions += latest.decisions;
    return played;
  };
  const played = await run(await ruleFor(agent, options, run));
  const forcedDepth: Evaluation['forcedDepth'] = [];
  for (const ponderSteps of depths) {
    const { episodes, likelihood } = await run(fixed(ponderSteps), forcedEpisodes);
    const forced = meanAndStd(episodes.map((episode) => episode.return));
    forcedDepth.push({
      ponderSteps,
      episodes: episodes.length,
      return: forced.mean,
      std: forced.std,
      successRate: successRate(episodes.map(({ success }) => success)),
      ...natsOf(likelihood),
      cut: cutIn(episodes),
    });
  }
  const after = config.evaluation.maxEpisodeSteps;
  const { cut, ...summary } = summarize(played, agent.price);
  const evaluation = {
    env: envName(config),
    ...summary,
    cut: { episodes: cut, after },
    forcedDepth,
  };
  const pricedSteps = mean(played.episodes.map((episode) => episode.pricedSteps))!;
  return { evaluation, pricedSteps, milliseconds: played.milliseconds };
}

/** Joins options and config. @throws UsageError where they do not fit each other */
function planOf({ config }: Agent, options: EvaluateOptions) {
  const episodes = options.episodes ?? config.evaluation.episodes;
  const forcedEpisodes = options.forcedEpisodes ?? episodes;
  const { minSteps } = config.halting;
  const { definition, options: setting } = exitOf(config, options.exit);
  const needed = definition.maxSteps?.(setting) ?? 0;
  const maxSteps = options.maxSteps ?? Math.max(config.halting.maxSteps, needed);
  if (episodes === 0) {
    throw new UsageError(
      'episodes: expected an integer ≥ 1, since evaluation.episodes is 0 in the config (--episodes)',
    );
  }
  if (maxSteps < minSteps || maxSteps > MOST_STEPS) {
    throw new UsageError(
      `maxSteps: expected an integer in ${minSteps}..${MOST_STEPS} (halting.minSteps..${MOST_STEPS}), got ${maxSteps}`,
    );
  }
  const all = Array.from({ length: maxSteps - minSteps + 1 }, (_, i) => minSteps + i);
  const depths = forcedEpisodes > 0 ? (options.depths ?? all) : [];
  const outside = depths.find((depth) => depth < minSteps || depth > maxSteps);
  if (outside !== undefined) {
    throw new UsageError(
      `depths: expected ponder steps in ${minSteps}..${maxSteps} (halting.minSteps..maxSteps), got ${outside}`,
    );
  }
  const seed = options.seed ?? config.train.seed + SEED_OFFSET;
  return { episodes, forcedEpisodes, maxSteps, depths, seed };
}

/** The rule that ends thoughts. If it needs a histogram, the trained exit plays first to give one. */
async function ruleFor(
  { config }: Agent,
  options: EvaluateOptions,
  run: (rule: HaltingRule) => Promise<Played>,
): Promise<HaltingRule> {
  const exit = exitOf(config, options.exit);
  if (!lacks(exit)) return ruleOf(exit);
  const { histogram } = (await run(ruleOf(exitOf(config)))).tally;
  return exit.definition.rule({ ...exit.options, histogram });
}

function natsOf({ nats }: Likelihood): { nats?: number } {
  return nats === undefined ? {} : { nats };
}

function summarize(
  { episodes, tally, envMetrics: means, likelihood, spent, lost }: Played,
  price: number,
) {
  const envMetrics = means.take();
  const levels = tally.levels();
  const { binWidth } = tally;
  const begun = new Map<number, (boolean | undefined)[]>();
  for (const { difficulty, success } of episodes) {
    if (difficulty === undefined) continue;
    const level = tally.levelOf(difficulty);
    begun.set(level, [...(begun.get(level) ?? []), success]);
  }
  return {
    episodes: episodes.length,
    lostEpisodes: lost,
    cut: cutIn(episodes),
    return: meanAndStd(episodes.map((episode) => episode.return)),
    netReturn: meanAndStd(episodes.map((episode) => episode.return - price * episode.pricedSteps)),
    successRate: successRate(episodes.map(({ success }) => success)),
    ...natsOf(likelihood),
    ponderSteps: ponderSteps(tally.histogram),
    perEpisode: {
      decisions: spent.decisions / episodes.length,
      thoughts: spent.thoughts / episodes.length,
      ponderSteps: spent.ponderSteps / episodes.length,
      flops: spent.flops / episodes.length,
    },
    byDifficulty: levels.map(({ difficulty, histogram }) => {
      const decisions = histogram.reduce((a, b) => a + b, 0);
      const steps = histogram.reduce((sum, count, i) => sum + count * (i + 1), 0);
      return {
        difficulty,
        decisions,
        successRate: successRate(begun.get(difficulty) ?? []),
        ponderSteps: steps / decisions,
      };
    }),
    ...(binWidth !== undefined && { binWidth }),
    spearman: spearman(levels.map(({ histogram }) => histogram)),
    ...(envMetrics && { envMetrics }),
  };
}

function cutIn(episodes: Played['episodes']): number {
  return episodes.filter(({ cut }) => cut).length;
}
