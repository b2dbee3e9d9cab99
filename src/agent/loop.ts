import { concatMap, filter, lastValueFrom, merge, takeUntil, takeWhile, tap } from 'rxjs';
import type { EnvFactory } from '../envs/index.ts';
import { act, observe, ponder, rollouts } from '../rollout/index.ts';
import { collapse, persistence } from './alarms.ts';
import type { Budget } from './budget.ts';
import { type Clock, systemClock } from './clock.ts';
import { measure } from './evaluate.ts';
import type { TrainEvent, UpdateMetrics } from './events.ts';
import { setAside, tellFailure, toldOfFailures, toldOfStalls } from './incidents.ts';
import type { RunFiles } from './run-files.ts';
import { Saver } from './saver.ts';
import type { Training } from './training.ts';

export interface LoopOptions {
  /** An environment passed to the library, in place of the config's. */
  env?: EnvFactory;
  /** Aborting it finishes the update, saves and stops. */
  signal?: AbortSignal;
  on?: (event: TrainEvent) => void;
  clock?: Clock;
}

/**
 * The training loop: collects, learns, evaluates and saves until training is done, aborted or over its budget.
 * @returns whether it is to go on in another process
 */
export async function loop(
  training: Training,
  files: RunFiles,
  budget: Budget,
  { env, signal, on = () => {}, clock = systemClock }: LoopOptions,
): Promise<{ restart: boolean }> {
  const { trajectory, priced, gate, phases, envs, scheduler, agent } = training;
  const { decisions } = agent.config.ppo;
  const { minSteps } = agent.config.halting;
  let restart = false;
  if (training.done) return { restart };
  const saver = new Saver(training, files, clock, on);
  await lastValueFrom(
    observe(envs).pipe(
      ponder(scheduler, gate, phases),
      act(envs, phases),
      tap((transitions) => training.rewardScale.observe(transitions)),
      rollouts({ trajectory, decisions, minSteps, priced, gate }),
      tap(({ lost }) => {
        if (lost.length === 0) return;
        const [episodes, reason] = [lost.length, lost.at(-1)!];
        on({ type: 'lost', update: training.update + 1, episodes, reason });
      }),
      concatMap((rollout) => training.learn(rollout)),
      concatMap(async (learned) => {
        if (!('reason' in learned)) return learned;
        await setAside(learned, training, files, on);
        return undefined;
      }),
      filter((metrics) => metrics !== undefined),
      tap((metrics) => moveOn(metrics, training, on)),
      concatMap((metrics) => evaluateWhenDue(metrics, training, env, files, on)),
      tap(({ metrics }) => files.log(metrics)),
      concatMap(async ({ metrics, best }) => {
        const over = overBudget(budget, metrics, on);
        const last = training.done || signal?.aborted === true;
        const saved = await saver.save({ best, wanted: training.wishes.takeSave() || over, last });
        restart = over && saved && !last;
      }),
      takeWhile(() => !restart && !training.done && !signal?.aborted),
      tap(() => training.proceed()),
      // What comes in between; only what is wrong with telling it ends the loop.
      takeUntil(merge(toldOfFailures(training, files, on), toldOfStalls(training, on))),
    ),
    { defaultValue: undefined },
  );
  return { restart };
}

/** Whether the process takes more than it may, and says so. */
function overBudget(
  budget: Budget,
  { update, steps, timing }: UpdateMetrics,
  on: (event: TrainEvent) => void,
): boolean {
  const over = budget.judge(timing);
  if (over === undefined) return false;
  on({ type: 'over-budget', update, steps, updatesSinceStart: budget.updates, ...over });
  return true;
}

/** Moves the recipe on after an update, and says so. */
function moveOn(metrics: UpdateMetrics, training: Training, on: (event: TrainEvent) => void): void {
  const { totalSteps } = training.agent.config.train;
  on({ type: 'updated', metrics, totalSteps });
  const { update, steps } = metrics;
  const reason = training.recipe.update(
    metrics.return,
    metrics.ponderSteps.mean,
    steps / totalSteps,
  );
  training.agent.price = training.recipe.price;
  stopWhereAsked(training, on);
  if (reason !== undefined) on({ type: 'released', update, steps, reason });
}

/** Ends training where a hook asked for it. */
function stopWhereAsked(training: Training, on: (event: TrainEvent) => void): void {
  const { update, steps } = training;
  const reason = training.wishes.takeStop(training.done);
  if (reason !== undefined) on({ type: 'stopped', update, steps, reason });
}

/** Evaluates on separate environments, finds whether it is the best yet, and raises alarms. */
async function evaluateWhenDue(
  metrics: UpdateMetrics,
  training: Training,
  env: EnvFactory | undefined,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): Promise<{ metrics: UpdateMetrics; best: boolean }> {
  const { agent, recipe, phases, update, steps } = training;
  const { evaluation: settings, halting } = agent.config;
  const due = update % settings.everyUpdates === 0 || training.done;
  // Those that dial in are all in training; once it is done they are free.
  if (!due || agent.config.env.listen !== undefined) return { metrics, best: false };
  const { evaluation, pricedSteps } = await phases.during('evaluation', () =>
    measure(agent, {
      env,
      // Before its release the head knows nothing, so the policy is what full depth makes of it.
      halting: recipe.released ? undefined : 'fixed',
      forcedEpisodes: settings.forcedEpisodes,
      depths: [...new Set([halting.minSteps, halting.maxSteps])],
      survive: {
        failures: agent.config.guards.envFailures,
        told: (failed) => tellFailure(failed, { update, steps, during: 'evaluation' }, files, on),
      },
    }),
  );
  const best = training.isBest({ return: evaluation.return.mean, pricedSteps });
  on({ type: 'evaluated', update, steps, evaluation, best });
  stopWhereAsked(training, on);
  // Of the update that releases the head, the thoughts were still at full depth.
  const found =
    metrics.phase === 'released'
      ? collapse(metrics.histogram, halting.minSteps, evaluation, recipe.steering)
      : undefined;
  const { tell, alarmed } = persistence(training.alarmed, found !== undefined);
  if (tell) on({ type: 'alarm', update, ...found! });
  training.alarmed = alarmed;
  return { metrics: { ...metrics, evaluation }, best };
}
