import { firstValueFrom, tap } from 'rxjs';
import { filter } from 'rxjs/operators';
import type { Episode } from '../envs/index.ts';
import { Rng } from '../kernels/index.ts';
import type { HaltingRule } from '../policy/index.ts';
import { act, type Decision, observe, ponder, Scheduler } from '../rollout/index.ts';
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
  const { episodes, seed, rule, trace, signal } = options;
  const { env, halting } = agent.config;
  const { minSteps, floor } = halting;
  const maxSteps = options.maxSteps ?? halting.maxSteps;
  const envs = await source.pool({
    count: Math.min(env.count, episodes),
    seed,
    normaliser: agent.normaliser && { stats: agent.normaliser, frozen: true },
    episodes,
  });
  const behaviour = { rule, minSteps, maxSteps, floor, forced: 0, greedy: true, trace };
  const scheduler = new Scheduler(
    agent.policy,
    envs.count,
    Rng.seed(seed, 'play'),
    () => behaviour,
  );
  const played: Played = {
    episodes: [],
    decisions: [],
    histogram: new Array(maxSteps).fill(0),
    traced: [],
  };
  const priced = new Float64Array(envs.count);
  try {
    await firstValueFrom(
      observe(envs).pipe(
        ponder(scheduler),
        act(envs),
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
  } finally {
    scheduler.dispose();
    await envs.close();
  }
  return played;
}
