import { concatMap, filter, lastValueFrom, takeUntil, takeWhile, tap } from 'rxjs';
import type { EnvFactory } from '../envs/index.ts';
import { act, observe, ponder, rollouts } from '../rollout/index.ts';
import { collapse } from './alarms.ts';
import { measure } from './evaluate.ts';
import type { TrainEvent, UpdateMetrics } from './events.ts';
import { setAside, toldOfFailures } from './incidents.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

export interface LoopOptions {
  /** An environment passed to the library, in place of the config's. */
  env?: EnvFactory;
  /** Aborting it finishes the update, saves and stops. */
  signal?: AbortSignal;
  on?: (event: TrainEvent) => void;
}

/** The training loop: collects, learns, evaluates and saves until training is done or aborted. */
export async function loop(
  training: Training,
  files: RunFiles,
  { env, signal, on = () => {} }: LoopOptions,
): Promise<void> {
  const { trajectory, priced, gate, phases, envs, scheduler, agent } = training;
  const { decisions } = agent.config.ppo;
  const { minSteps } = agent.config.halting;
  if (training.done) return;
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
      concatMap((metrics) => evaluateWhenDue(metrics, training, env, on)),
      tap(({ metrics }) => files.log(metrics)),
      concatMap(({ best }) => checkpointWhenDue(best, training, files, on, signal)),
      takeWhile(() => !training.done && !signal?.aborted),
      tap(() => training.proceed()),
      // It ends the loop only where it cannot be told.
      takeUntil(toldOfFailures(training, files, on)),
    ),
    { defaultValue: undefined },
  );
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
  const reason = training.takeStop();
  if (reason !== undefined) on({ type: 'stopped', update, steps, reason });
}

/** Evaluates on separate environments, finds whether it is the best yet, and raises alarms. */
async function evaluateWhenDue(
  metrics: UpdateMetrics,
  training: Training,
  env: EnvFactory | undefined,
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
  if (found !== undefined && !training.alarmed) on({ type: 'alarm', update, ...found });
  training.alarmed = found !== undefined;
  return { metrics: { ...metrics, evaluation }, best };
}

async function checkpointWhenDue(
  best: boolean,
  training: Training,
  files: RunFiles,
  on: (event: TrainEvent) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { checkpoint } = training.agent.config;
  const { phases, update, steps } = training;
  const asked = training.takeSave();
  const due = asked || update % checkpoint.everyUpdates === 0 || training.done || signal?.aborted;
  if (!due && !best) return;
  const path = await phases.during('checkpoint', async () =>
    files.save(await training.checkpoint(), checkpoint.keep, best),
  );
  on({ type: 'checkpointed', update, steps, path });
}
