import { filter, firstValueFrom, merge, type Observable, takeUntil, tap } from 'rxjs';
import { untilAborted } from '../../envs/common/index.ts';
import type { Env, Episode, Failed } from '../../envs/index.ts';
import { EnvError, type EnvPool } from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import type { HaltingRule } from '../../policy/index.ts';
import { act, type Decision, decide, observe, type Transition } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { createDecider } from '../agent/create-decider.ts';
import { aborted } from '../common/abort.ts';
import { closing } from '../common/closing.ts';
import { closeReporting, reportingTo } from '../common/failures.ts';
import { type EnvSource, envName } from '../config/env-source.ts';
import { Tally } from './tally.ts';

export interface StageOptions {
  /** Episodes that are played at a time, at most: more environments are not made. */
  episodes: number;
  /** Aborting it ends what is being played with an error. */
  signal?: AbortSignal;
  /** How environments that fail are survived; as in training unless given. */
  survive?: Survive;
  /** Told of environments that stand still, and go on. */
  watch?: (envs: EnvPool) => Observable<never>;
  /** Holds the index of the environment that is being called (`EnvSlotOptions.calling`). */
  calling?: Float64Array;
  /** Put around each environment. */
  outermost?: (env: Env) => Env;
}

export interface Survive {
  /** Failures of one environment, without an episode finished between. */
  failures: number;
  /** Of one that has never begun an episode none is survived: there may be none to be had. */
  impatient?: boolean;
  /** Told of each. */
  told(failed: Failed): void;
}

export interface PlayOptions {
  episodes: number;
  seed: number;
  rule: HaltingRule;
  /** Whether to take the most likely actions; the config's evaluation.deterministic unless given. */
  deterministic?: boolean;
  /** Ponder steps at most; the config's unless given, and it may be more. */
  maxSteps?: number;
  /** Record what each step thought. */
  trace?: boolean;
  /** Told of each decision. */
  decided?: (decision: Decision) => void;
  /** Told how far it has come, after each batch of decisions. */
  progress?: (progress: Progress) => void;
}

/** How far playing has come. */
export interface Progress {
  episodes: number;
  decisions: number;
}

export interface Played {
  episodes: (Episode & { pricedSteps: number })[];
  tally: Tally;
  /** Episodes that were lost; others were played in their place. */
  lost: number;
}

/** Episodes that may be lost for each that is to be played, and in all where those are few. */
const LOST = { each: 3, atLeast: 10 };

/**
 * Environments of its own that an agent plays whole episodes on, again and again: the same seed plays the same
 * episodes. Each environment plays its share, so that short episodes are not preferred, and none plays more than
 * `evaluation.maxEpisodeSteps` decisions of an episode.
 */
export class Stage {
  readonly #agent: Agent;
  readonly #envs: EnvPool;
  readonly #options: StageOptions & { survive: Survive };

  private constructor(agent: Agent, envs: EnvPool, options: StageOptions & { survive: Survive }) {
    this.#agent = agent;
    this.#envs = envs;
    this.#options = options;
  }

  /** @throws EnvError where an environment cannot be made */
  static async open(agent: Agent, source: EnvSource, options: StageOptions): Promise<Stage> {
    const { env, evaluation, guards } = agent.config;
    const { episodes, signal, outermost, calling } = options;
    const survive = options.survive ?? { failures: guards.envFailures, told: () => {} };
    const pool = source.pool({
      count: Math.min(env.count, episodes),
      seed: agent.config.train.seed,
      normalizer: agent.normalizer && { stats: agent.normalizer, frozen: true },
      maxEpisodeSteps: evaluation.maxEpisodeSteps,
      survive: survive.failures,
      impatient: survive.impatient,
      ...{ calling, outermost },
    });
    const envs = await untilAborted(signal, pool, (envs) => envs.close());
    return new Stage(agent, envs, { ...options, survive });
  }

  /**
   * Plays whole episodes.
   * @throws the signal's reason where it is aborted, EnvError where an environment fails more often than is survived
   */
  async play(options: PlayOptions): Promise<Played> {
    const { halting } = this.#agent.config;
    const { episodes, decided, progress } = options;
    const played: Played = {
      episodes: [],
      tally: new Tally(options.maxSteps ?? halting.maxSteps),
      lost: 0,
    };
    const priced = new Float64Array(this.#envs.count);
    let decisions = 0;
    await this.watch(options, (transitions$) =>
      transitions$.pipe(
        tap((transitions) => {
          for (const { env, decision, episode, lost } of transitions) {
            if (lost !== undefined) {
              priced[env] = 0;
              this.#count(++played.lost, options, env, lost);
              continue;
            }
            const { ponderSteps, observation } = decision;
            decisions++;
            played.tally.add(observation.difficulty, ponderSteps);
            decided?.(decision);
            priced[env] += ponderSteps - halting.minSteps;
            if (episode === undefined) continue;
            played.episodes.push({ ...episode, pricedSteps: priced[env] });
            priced[env] = 0;
          }
          progress?.({ episodes: played.episodes.length, decisions });
        }),
        filter(() => played.episodes.length >= episodes),
      ),
    );
    return played;
  }

  /** Plays until what is made of the transitions first says so, or every episode is played. @throws as `play` does */
  async watch(
    { episodes, seed, rule, deterministic, maxSteps, trace }: PlayOptions,
    until: (transitions$: Observable<Transition[]>) => Observable<unknown>,
  ): Promise<void> {
    const { policy, config, valueScale } = this.#agent;
    const { minSteps, floor } = config.halting;
    const behaviour = {
      ...{ rule, minSteps, maxSteps: maxSteps ?? config.halting.maxSteps, floor },
      ...{ forced: 0, greedy: deterministic ?? config.evaluation.deterministic, trace, valueScale },
    };
    const envs = this.#envs;
    envs.replay(seed, episodes);
    const rng = Rng.seed(seed, 'play');
    const slots = envs.count;
    const decider = createDecider(config, { policy, slots, rng, behaviour: () => behaviour });
    const { signal, survive, watch } = this.#options;
    // What comes in between; only what is wrong with it ends the playing.
    const between = [
      aborted(signal),
      reportingTo(envs, survive.told),
      ...(watch ? [watch(envs)] : []),
    ];
    try {
      const played$ = observe(envs).pipe(decide(decider), act(envs));
      const transitions$ = played$.pipe(takeUntil(merge(...between)));
      await firstValueFrom(until(transitions$), { defaultValue: undefined });
    } finally {
      decider.dispose();
    }
  }

  /** Closes the environments; those that cannot be closed are told of. */
  close(): Promise<void> {
    return closeReporting(this.#envs, this.#options.survive.told);
  }

  /** @throws EnvError where so many episodes were lost that there is no end to it */
  #count(lost: number, { episodes, seed }: PlayOptions, env: number, reason: string): void {
    if (lost <= Math.max(LOST.atLeast, LOST.each * episodes)) return;
    const name = envName(this.#agent.config);
    const what = `lost ${lost} episodes where ${episodes} were to be played`;
    throw new EnvError(what, { name, env, seed, cause: new Error(reason) });
  }
}

/** Does `work` on a stage, and closes it. */
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
