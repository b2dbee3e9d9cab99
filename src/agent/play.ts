import { filter, firstValueFrom, ignoreElements, type Observable, takeUntil, tap } from 'rxjs';
import type { Env, Episode, Failed } from '../envs/index.ts';
import { Rng } from '../kernels/index.ts';
import type { HaltingRule } from '../policy/index.ts';
import {
  act,
  type Decision,
  observe,
  ponder,
  Scheduler,
  type Transition,
} from '../rollout/index.ts';
import type { Agent } from './agent.ts';
import type { EnvSource } from './env-setup.ts';

export interface PlayOptions {
  episodes: number;
  seed: number;
  rule: HaltingRule;
  /** Ponder steps at most; the config's unless given, and it may be more. */
  maxSteps?: number;
  /** Record what each step thought. */
  trace?: boolean;
  signal?: AbortSignal;
  /** How environments that fail are survived; unless given, the first ends it. */
  survive?: Survive;
}

export interface Survive {
  /** Failures of one environment, without an episode finished between. */
  failures: number;
  /** Told of each. */
  told(failed: Failed): void;
}

export interface Played {
  episodes: (Episode & { pricedSteps: number })[];
  /** Every decision's difficulty (undefined where the environment does not say) and ponder steps. */
  decisions: { difficulty: number | undefined; steps: number }[];
  /** Index i = decisions of i + 1 ponder steps. */
  histogram: number[];
  traced: Decision[];
}

/**
 * Plays whole episodes with the most likely actions, on environments of its own: the same seed plays
 * the same episodes. Each environment plays its share, so that short episodes are not preferred.
 */
export async function play(agent: Agent, source: EnvSource, options: PlayOptions): Promise<Played> {
  const { episodes, trace, signal } = options;
  const { env, halting } = agent.config;
  const { minSteps } = halting;
  const count = Math.min(env.count, episodes);
  const played: Played = {
    episodes: [],
    decisions: [],
    histogram: new Array(options.maxSteps ?? halting.maxSteps).fill(0),
    traced: [],
  };
  const priced = new Float64Array(count);
  await playing(agent, source, { ...options, count }, (transitions$) =>
    transitions$.pipe(
      tap((transitions) => {
        signal?.throwIfAborted();
        for (const { env, decision, episode, lost } of transitions) {
          if (lost !== undefined) {
            priced[env] = 0;
            continue;
          }
          const { steps, observation } = decision;
          played.decisions.push({ difficulty: observation.difficulty, steps });
          played.histogram[steps - 1]++;
          if (trace) played.traced.push(decision);
          priced[env] += steps - minSteps;
          if (episode === undefined) continue;
          played.episodes.push({ ...episode, pricedSteps: priced[env] });
          priced[env] = 0;
        }
      }),
      filter(() => played.episodes.length >= episodes),
    ),
  );
  return played;
}

/**
 * Plays on `count` environments made for it until what is made of the transitions first says so, or every
 * episode is played.
 */
export async function playing(
  agent: Agent,
  source: EnvSource,
  { count, episodes, seed, rule, maxSteps, trace, survive, outermost }: PlayOptions & PlayedOn,
  until: (transitions$: Observable<Transition[]>) => Observable<unknown>,
): Promise<void> {
  const { halting } = agent.config;
  const { minSteps, floor } = halting;
  const normaliser = agent.normaliser && { stats: agent.normaliser, frozen: true };
  const envs = await source.pool({
    ...{ count, seed, normaliser, episodes, outermost },
    survive: survive?.failures,
  });
  const behaviour = {
    ...{ rule, minSteps, maxSteps: maxSteps ?? halting.maxSteps, floor },
    ...{ forced: 0, greedy: true, trace },
  };
  const rng = Rng.seed(seed, 'play');
  const scheduler = new Scheduler(agent.policy, envs.count, rng, () => behaviour);
  try {
    const failures$ = envs.failures.pipe(
      tap((failed) => survive?.told(failed)),
      ignoreElements(),
    );
    const transitions$ = observe(envs).pipe(ponder(scheduler), act(envs), takeUntil(failures$));
    await firstValueFrom(until(transitions$), { defaultValue: undefined });
  } finally {
    scheduler.dispose();
    await envs.close();
  }
}

interface PlayedOn {
  count: number;
  /** Put around each environment. */
  outermost?: (env: Env) => Env;
}
