import {
  filter,
  firstValueFrom,
  type MonoTypeOperatorFunction,
  map,
  merge,
  type Observable,
  takeUntil,
  tap,
} from 'rxjs';
import { untilAborted } from '../../envs/common/index.ts';
import type { Env, Episode, Failed } from '../../envs/index.ts';
import { EnvError, type EnvPool } from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import { EntryTables, type HaltingRule } from '../../policy/index.ts';
import {
  act,
  type Decision,
  type DecisionRequest,
  decide,
  follow,
  Histories,
  observe,
  remember,
  type Spent,
  type Transition,
} from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { createDecider, type DeciderOption } from '../agent/create-decider.ts';
import { aborted } from '../common/abort.ts';
import { closing } from '../common/closing.ts';
import { EnvMetricMeans } from '../common/env-metric-means.ts';
import { closeReporting, reportingTo } from '../common/failures.ts';
import { envName } from '../config/env-name.ts';
import type { EnvSource } from '../config/env-source.ts';
import { Copies } from './copies.ts';
import { Likelihood } from './likelihood.ts';
import { Tally } from './tally.ts';

export interface StageOptions {
  /** The most episodes to play; it makes at most as many environments. */
  episodes: number;
  /** Abort it to end `play`, which then rejects with its reason. */
  signal?: AbortSignal;
  /** How many failures of environments to tolerate; default: as in training. */
  tolerance?: FailureTolerance;
  /** Reports environments that stand still, and that answer again. */
  watch?: (envs: EnvPool) => Observable<never>;
  /** Receives the index of the environment that is being called (`EnvSlotOptions.calling`). */
  calling?: Float64Array;
  /** A wrapper around each environment. */
  outermost?: (env: Env) => Env;
}

export interface FailureTolerance {
  /** Failures in a row of one environment, without a finished episode between. */
  maxFailures: number;
  /** Whether to tolerate no failure before an environment's first episode. */
  impatient?: boolean;
  /** Receives each failure. */
  onFailure(failed: Failed): void;
}

export interface PlayOptions {
  episodes: number;
  seed: number;
  rule: HaltingRule;
  /** `true` takes the most likely actions, `false` draws them; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** The most ponder steps of a decision; it may exceed the config's `halting.maxSteps`, which is the default. */
  maxSteps?: number;
  /** The decider; default: the config's. */
  decider?: DeciderOption;
  /** The longest time for a decision, in ms. */
  deadlineMs?: number;
  /** Whether to record each ponder step. */
  trace?: boolean;
  /** Receives each decision. */
  decided?: (decision: Decision) => void;
  /** Receives the counts so far after each batch of decisions. */
  progress?: (progress: Progress) => void;
}

/** Counts of an evaluation so far. */
export interface Progress {
  episodes: number;
  decisions: number;
}

export interface Played {
  episodes: (Episode & { pricedSteps: number })[];
  tally: Tally;
  /** Means of the environment's own numbers over all steps that give them. */
  envMetrics: EnvMetricMeans;
  /** How likely demonstrated actions were. */
  likelihood: Likelihood;
  /** All that was thought. */
  spent: Spent & { decisions: number; flops: number };
  /** By the clock. */
  milliseconds: number;
  /** Episodes that were lost; others were played in their place. */
  lost: number;
}

/** The most lost episodes: so many for each episode to play, but at least so many in all. */
const LOST = { each: 3, atLeast: 10 };

/**
 * Environments on which an agent plays whole episodes, several times; the same seed plays the same episodes. Each
 * environment plays the same number, so that short episodes do not count more, and truncates an episode after
 * `evaluation.maxEpisodeSteps` decisions.
 */
export class Stage {
  readonly #agent: Agent;
  readonly #envs: EnvPool;
  readonly #options: StageOptions & { tolerance: FailureTolerance };
  readonly #copies: Copies;

  private constructor(
    agent: Agent,
    envs: EnvPool,
    copies: Copies,
    options: StageOptions & { tolerance: FailureTolerance },
  ) {
    this.#agent = agent;
    this.#envs = envs;
    this.#copies = copies;
    this.#options = options;
  }

  /** @throws EnvError where an environment cannot be made */
  static async open(agent: Agent, source: EnvSource, options: StageOptions): Promise<Stage> {
    const { env, evaluation, guards } = agent.config;
    const { episodes, signal, outermost, calling } = options;
    const tolerance = options.tolerance ?? { maxFailures: guards.envFailures, onFailure: () => {} };
    const same = {
      count: Math.min(env.count, episodes),
      seed: agent.config.train.seed,
      normalizer: agent.normalizer && { stats: agent.normalizer, frozen: true },
      maxEpisodeSteps: evaluation.maxEpisodeSteps,
      envOptions: evaluation.options,
      calling,
    };
    const pool = source.pool({
      ...{ ...same, outermost, maxFailures: tolerance.maxFailures, impatient: tolerance.impatient },
    });
    const envs = await untilAborted(signal, pool, (envs) => envs.close());
    const copies = new Copies(envs, (outermost) => source.pool({ ...same, outermost }));
    return new Stage(agent, envs, copies, { ...options, tolerance });
  }

  /**
   * Plays whole episodes.
   * @throws the signal's reason where it is aborted, EnvError where an environment fails more often than allowed
   */
  async play(options: PlayOptions): Promise<Played> {
    const { halting } = this.#agent.config;
    const { episodes, decided, progress } = options;
    const played: Played = {
      episodes: [],
      tally: new Tally(options.maxSteps ?? halting.maxSteps),
      envMetrics: new EnvMetricMeans(),
      likelihood: new Likelihood(),
      spent: { decisions: 0, thoughts: 0, ponderSteps: 0, flops: 0 },
      milliseconds: 0,
      lost: 0,
    };
    const { spent } = played;
    const priced = new Float64Array(this.#envs.count);
    const began = performance.now();
    const entries = await this.watch(options, (transitions$) =>
      transitions$.pipe(
        tap((transitions) => {
          for (const { env, decision, episode, lost, metrics } of transitions) {
            if (lost !== undefined) {
              priced[env] = 0;
              this.#count(++played.lost, options, env, lost);
              continue;
            }
            const { ponderSteps, observation } = decision;
            const own = decision.spent ?? { thoughts: 1, ponderSteps };
            spent.decisions++;
            spent.thoughts += own.thoughts;
            spent.ponderSteps += own.ponderSteps;
            played.tally.add(observation.difficulty, ponderSteps);
            played.envMetrics.add(metrics);
            played.likelihood.add(decision.demonstrated);
            decided?.(decision);
            priced[env] += own.ponderSteps - own.thoughts * halting.minSteps;
            if (episode === undefined) continue;
            played.episodes.push({ ...episode, pricedSteps: priced[env] });
            priced[env] = 0;
          }
          progress?.({ episodes: played.episodes.length, decisions: spent.decisions });
        }),
        filter(() => played.episodes.length >= episodes),
      ),
    );
    played.milliseconds = performance.now() - began;
    const { entry, thought, ponderStep } = this.#agent.policy.multiplyAdds;
    const { thoughts, ponderSteps } = spent;
    spent.flops = 2 * (entries * entry + thoughts * thought + ponderSteps * ponderStep);
    return played;
  }

  /**
   * Plays until the observable made of the transitions emits, or every episode is played.
   * @returns entries of memory that were computed
   * @throws as `play` does
   */
  async watch(
    {
      episodes,
      seed,
      rule,
      deterministic,
      maxSteps,
      decider: named,
      deadlineMs,
      trace,
    }: PlayOptions,
    until: (transitions$: Observable<Transition[]>) => Observable<unknown>,
  ): Promise<number> {
    const { policy, config, valueScale } = this.#agent;
    const { minSteps, floor } = config.halting;
    const behavior = {
      ...{ rule, minSteps, maxSteps: maxSteps ?? config.halting.maxSteps, floor },
      ...{ forced: 0, greedy: deterministic ?? config.evaluation.deterministic, trace, valueScale },
    };
    const envs = this.#envs;
    envs.replay(seed, episodes);
    const rng = Rng.seed(seed, 'play');
    const slots = envs.count;
    const simulator = this.#copies;
    const tables = policy.entries && new EntryTables(policy.entries);
    const context = { policy, slots, rng, behavior: () => behavior, tables, simulator };
    const decider = createDecider(config, context, named);
    const { signal, tolerance, watch } = this.#options;
    // Events in between; only their errors end the play.
    const between = [
      aborted(signal),
      reportingTo(envs, tolerance.onFailure),
      ...(watch ? [watch(envs)] : []),
    ];
    try {
      const histories = policy.entries && new Histories(policy.entries, envs.count);
      const played$ = observe(envs).pipe(
        remember(histories),
        limited(deadlineMs),
        decide(decider),
        act(envs),
        follow(histories),
      );
      const transitions$ = played$.pipe(takeUntil(merge(...between)));
      await firstValueFrom(until(transitions$), { defaultValue: undefined });
      return tables?.computed ?? 0;
    } finally {
      decider.dispose();
      tables?.clear();
    }
  }

  /** Closes the environments, and reports those that cannot be closed. */
  async close(): Promise<void> {
    await closing(
      () => this.#copies.close(),
      () => closeReporting(this.#envs, this.#options.tolerance.onFailure),
    );
  }

  /** @throws EnvError where too many episodes are lost */
  #count(lost: number, { episodes, seed }: PlayOptions, env: number, reason: string): void {
    if (lost <= Math.max(LOST.atLeast, LOST.each * episodes)) return;
    const name = envName(this.#agent.config);
    const what = `lost ${lost} episodes while playing ${episodes}`;
    throw new EnvError(what, { name, env, seed, cause: new Error(reason) });
  }
}

/** Gives decisions so long, from now on. */
function limited(deadlineMs: number | undefined): MonoTypeOperatorFunction<DecisionRequest[]> {
  return map((requests) => {
    if (deadlineMs === undefined) return requests;
    const limits = { deadline: performance.now() + deadlineMs };
    return requests.map((request) => ({ ...request, limits }));
  });
}

/** Opens a stage, runs `work` on it, and closes it. */
export async function onStage<T>(
  agent: Agent,
  source: EnvSource,
  options: StageOptions,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stage = await Stage.open(agent, source, options);
  return closing(
    () => stage.close(),
    () => work(stage),
  );
}
