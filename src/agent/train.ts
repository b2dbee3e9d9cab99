import { join } from 'node:path';
import { concatMap, lastValueFrom, takeWhile, tap } from 'rxjs';
import type { EnvFactory } from '../envs/index.ts';
import { loadBackend } from '../kernels/index.ts';
import type { EncoderFactory } from '../policy/index.ts';
import { act, observe, ponder, rollouts } from '../rollout/index.ts';
import { Agent } from './agent.ts';
import { collapse } from './alarms.ts';
import type { Config } from './config.ts';
import { envFactory } from './env-setup.ts';
import { UsageError } from './errors.ts';
import { evaluate, measure } from './evaluate.ts';
import type { Evaluation, TrainEvent, UpdateMetrics } from './events.ts';
import { writeReport } from './report-run.ts';
import { RunFiles } from './run-files.ts';
import { Training } from './training.ts';

export interface TrainOptions {
  /** Where the run's files go; runs/<name> unless given. */
  runDir?: string;
  /** Go on where the run in that directory stopped. */
  resume?: boolean;
  /** Aborting it finishes the update, saves and stops. */
  signal?: AbortSignal;
  /** What relative modules in the config start from; the working directory unless given. */
  baseDir?: string;
  /** An environment passed to the library, in place of the config's id or module. */
  env?: EnvFactory;
  /** An encoder passed to the library, in place of the config's. */
  encoder?: EncoderFactory;
  /** A developer's own callback; what it throws ends the run. */
  on?: (event: TrainEvent) => void;
}

export interface TrainResult {
  runDir: string;
  /** Environment steps done. */
  steps: number;
  interrupted: boolean;
  /** Of the best checkpoint, once training is done. */
  evaluation?: Evaluation;
}

/**
 * Trains an agent as `config` says.
 *
 * @throws UsageError for a run directory that cannot be used, EnvFailed for an environment that
 *   breaks its contract, CheckpointError for a damaged checkpoint; nothing already saved is lost
 */
export async function train(config: Config, options: TrainOptions = {}): Promise<TrainResult> {
  const { baseDir = process.cwd(), resume = false, signal, on = () => {} } = options;
  const runDir = options.runDir ?? join('runs', config.name);
  const backend = await loadBackend(config.backend);
  const factory = await envFactory(config, baseDir, options.env);
  const agent = await Agent.create(config, baseDir, options);
  if (config.train.warmStart !== undefined) await warmStart(agent, config.train.warmStart);
  const { files, checkpoint } = await RunFiles.open(runDir, config, resume);
  const training = await Training.begin(agent, factory, checkpoint);
  on({
    type: 'started',
    runDir,
    backend: backend.name,
    parameters: agent.policy.parameters.size,
    resumedFrom: checkpoint?.step,
  });

  const { trajectory, priced, gate, envs, scheduler } = training;
  const { decisions } = config.ppo;
  const { minSteps } = config.halting;
  try {
    if (!training.done) {
      await lastValueFrom(
        observe(envs).pipe(
          ponder(scheduler, gate),
          act(envs),
          tap((transitions) => training.rewardScale.observe(transitions)),
          rollouts({ trajectory, decisions, minSteps, priced, gate }),
          concatMap((rollout) => training.learn(rollout)),
          tap((metrics) => report(metrics, training, files, on)),
          concatMap((metrics) => evaluateWhenDue(metrics, training, factory, files, on)),
          concatMap(({ best }) => checkpointWhenDue(best, training, files, on, signal)),
          takeWhile(() => !training.done && !signal?.aborted),
          tap(() => training.proceed()),
        ),
        { defaultValue: undefined },
      );
    }
  } finally {
    await training.dispose();
    files.close();
  }
  const { steps } = training;
  agent.dispose();
  if (!training.done) {
    on({ type: 'finished', steps, interrupted: true });
    return { runDir, steps, interrupted: true };
  }
  const evaluation = await conclude(runDir, factory, options);
  on({ type: 'finished', steps, interrupted: false, evaluation });
  return { runDir, steps, interrupted: false, evaluation };
}

/** Logs an update, moves the recipe on, and says so. */
function report(
  metrics: UpdateMetrics,
  training: Training,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): void {
  const { totalSteps } = training.agent.config.train;
  files.log(metrics);
  on({ type: 'updated', metrics, totalSteps });
  const { update, steps } = metrics;
  const reason = training.recipe.update(
    metrics.return,
    metrics.ponderSteps.mean,
    steps / totalSteps,
  );
  training.agent.price = training.recipe.price;
  if (reason !== undefined) on({ type: 'released', update, steps, reason });
}

/** Evaluates on separate environments, finds whether it is the best yet, and raises alarms. */
async function evaluateWhenDue(
  metrics: UpdateMetrics,
  training: Training,
  env: EnvFactory,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): Promise<{ best: boolean }> {
  const { agent, recipe, update, steps } = training;
  const { evaluation: settings, halting } = agent.config;
  if (update % settings.everyUpdates !== 0 && !training.done) return { best: false };
  const { evaluation, pricedSteps } = await measure(agent, {
    env,
    // Before its release the head knows nothing, so the policy is what full depth makes of it.
    halting: recipe.released ? undefined : 'fixed',
    forcedEpisodes: settings.forcedEpisodes,
    depths: [...new Set([halting.minSteps, halting.maxSteps])],
  });
  const best = training.isBest({ return: evaluation.return.mean, pricedSteps });
  files.board(
    {
      'evaluation/return': evaluation.return.mean,
      'evaluation/netReturn': evaluation.netReturn.mean,
      'evaluation/successRate': evaluation.successRate,
      'evaluation/ponderSteps': evaluation.ponderSteps.mean,
      'evaluation/spearman': evaluation.spearman,
    },
    steps,
  );
  on({ type: 'evaluated', update, steps, evaluation, best });
  const found = recipe.released
    ? collapse(metrics.histogram, halting.minSteps, evaluation)
    : undefined;
  if (found !== undefined && !training.alarmed) on({ type: 'alarm', update, ...found });
  training.alarmed = found !== undefined;
  return { best };
}

async function checkpointWhenDue(
  best: boolean,
  training: Training,
  files: RunFiles,
  on: (event: TrainEvent) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { checkpoint } = training.agent.config;
  const { update, steps } = training;
  const due = update % checkpoint.everyUpdates === 0 || training.done || signal?.aborted;
  if (!due && !best) return;
  const path = await files.save(await training.checkpoint(), checkpoint.keep, best);
  on({ type: 'checkpointed', update, steps, path });
}

/** Takes the weights of another run. @throws UsageError where they do not fit */
async function warmStart(agent: Agent, runDir: string): Promise<void> {
  const weights = await Agent.weights(runDir);
  try {
    agent.policy.parameters.write(weights);
  } catch (error) {
    throw new UsageError(`train.warmStart: ${runDir}: ${(error as Error).message}`);
  }
}

/** What the run has come to: its best checkpoint, evaluated in full, and the report. */
async function conclude(
  runDir: string,
  env: EnvFactory,
  { encoder }: TrainOptions,
): Promise<Evaluation> {
  const agent = await Agent.load(runDir, { env, encoder });
  try {
    const evaluation = await evaluate(agent, { env });
    await writeReport(runDir, agent, env, evaluation);
    return evaluation;
  } finally {
    agent.dispose();
  }
}
