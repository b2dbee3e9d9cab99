import { merge, takeUntil, tap } from 'rxjs';
import type { EnvFactory } from '../../envs/index.ts';
import type { Rollout } from '../../rollout/index.ts';
import { type Clock, systemClock } from '../common/clock.ts';
import { reportingTo } from '../common/failures.ts';
import type { TrainEvent, UpdateMetrics } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import { abandoned } from './abandon.ts';
import type { Budget } from './budget.ts';
import { Checkpointer } from './checkpointer.ts';
import { Evaluations } from './evaluations.ts';
import { isIncident } from './incident.ts';
import { failureReporter, reportStalls } from './incidents.ts';
import type { Recovery } from './recovery.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';
import { valuesOf } from './values-of.ts';

export interface LoopOptions {
  /** An environment in place of the config's. */
  env?: EnvFactory;
  /** Abort it to finish the update, save and stop. */
  signal?: AbortSignal;
  on?: (event: TrainEvent) => void;
  clock?: Clock;
}

/**
 * The training loop: collects, learns, saves and evaluates until training is done, aborted or over its budget.
 * @param from the checkpoint that it continues from
 * @returns whether another process should continue the run
 */
export async function loop(
  training: Training,
  files: RunFiles,
  budget: Budget,
  recovery: Recovery,
  from: Checkpoint | undefined,
  { env, signal, on = () => {}, clock = systemClock }: LoopOptions,
): Promise<{ restart: boolean }> {
  const { envs } = training;
  const { watchdog } = training.agent.config;
  const here = () => ({ during: 'training' as const, update: training.update + 1 });
  const saver = new Checkpointer(training, files, clock, on);
  const evaluations = new Evaluations(training, files, saver, { env, signal, on, clock });
  const ending = () => training.done || signal?.aborted === true;
  let restart = false;
  /** Whether a rollout is being collected. */
  let waiting = true;
  /** Saves the checkpoint after an update, then evaluates, where they are due. */
  const settle = async (metrics: UpdateMetrics) => {
    const over = overBudget(budget, metrics, on);
    const { due } = evaluations;
    if (due) training.unevaluated = metrics;
    else files.log(metrics);
    const wanted = training.hookRequests.takeSave() || over || due;
    const saved = await saver.save({ wanted, last: ending() });
    restart = over && saved !== undefined && !ending();
    if (!due) return;
    // The process that continues from the checkpoint evaluates it.
    if (restart) files.log(metrics);
    else await evaluations.run(metrics, saved);
  };
  if (training.unevaluated !== undefined) await evaluations.run(training.unevaluated, from);
  // A due evaluation comes first; training continues only after it.
  if (training.done || training.unevaluated !== undefined) return { restart };
  // Reports in between; only their errors end the loop.
  const between$ = merge(
    reportingTo(envs, failureReporter(training, files, on)),
    reportStalls(envs, watchdog.envSeconds, here, on),
    abandoned(envs, signal, () => waiting).pipe(
      tap((pending) => {
        const { update, envSteps } = training;
        const reason = `interrupted while environments ${pending.join(', ')} did not answer`;
        on({ type: 'stopped', update, envSteps, reason });
      }),
    ),
  );
  for await (const rollout of valuesOf(training.collect().pipe(takeUntil(between$)))) {
    waiting = false;
    reportLost(rollout, training, on);
    const learned = await training.learn(rollout);
    if (isIncident(learned)) await recovery.afterUndone(learned, training);
    else {
      moveOn(learned, training, on);
      await settle(learned);
      if (restart || ending()) break;
    }
    waiting = true;
    training.proceed();
  }
  return { restart };
}

/** Reports lost episodes, if there are any. */
function reportLost(
  { lost }: Rollout,
  { update }: Training,
  on: (event: TrainEvent) => void,
): void {
  if (lost.length === 0) return;
  on({ type: 'lost', update: update + 1, episodes: lost.length, reason: lost.at(-1)! });
}

/** Whether the process is over its budget; reports it. */
function overBudget(
  budget: Budget,
  { update, envSteps, timing }: UpdateMetrics,
  on: (event: TrainEvent) => void,
): boolean {
  const over = budget.judge(timing);
  if (over === undefined) return false;
  on({ type: 'over-budget', update, envSteps, updatesSinceStart: budget.updates, ...over });
  return true;
}

/** Updates the recipe after an update; reports a release. */
function moveOn(metrics: UpdateMetrics, training: Training, on: (event: TrainEvent) => void): void {
  const { totalSteps, warmStart } = training.agent.config.train;
  on({ type: 'updated', metrics, totalSteps });
  const { update, envSteps, depthGap, stepGain } = metrics;
  const reason = training.recipe.update(
    metrics.return,
    metrics.ponderSteps.mean,
    { depthGap: numberOf(depthGap), stepGain: numberOf(stepGain) },
    envSteps / totalSteps,
  );
  training.recipe.beginPrice(training.suggestedPrice);
  training.agent.price = training.recipe.price;
  training.stopWhereAsked(on);
  if (reason !== undefined) {
    on({ type: 'released', update, envSteps, reason, price: training.recipe.price });
  }
  // One that begins with weights of another run need not rise, nor a return against itself.
  if (warmStart !== undefined || training.demonstrated || training.selfPlay) return;
  const message = training.watch.judge(envSteps / totalSteps, training.rewardScale.rewarded);
  if (message !== undefined) on({ type: 'alarm', update, alarm: 'standstill', message });
}

/** A statistic as a number; null where the algorithm does not have it. */
function numberOf(statistic: unknown): number | null {
  return typeof statistic === 'number' ? statistic : null;
}
