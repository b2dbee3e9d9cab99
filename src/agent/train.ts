import { join, resolve } from 'node:path';
import { concatMap, filter, lastValueFrom, takeWhile, tap } from 'rxjs';
import type { EnvFactory } from '../envs/index.ts';
import type { ChosenBackend } from '../kernels/index.ts';
import type { EncoderFactory } from '../policy/index.ts';
import { act, observe, ponder, rollouts } from '../rollout/index.ts';
import { Agent } from './agent.ts';
import { collapse } from './alarms.ts';
import type { ConfigInput } from './config.ts';
import { envSource, type GivenEnv } from './env-setup.ts';
import { RunError, UsageError } from './errors.ts';
import { evaluate, measure } from './evaluate.ts';
import type { Evaluation, TrainEvent, UpdateMetrics } from './events.ts';
import { parseConfig, withModules } from './load-config.ts';
import { writeReport } from './report-run.ts';
import { RunFiles } from './run-files.ts';
import { asChosen, startBackend } from './start-backend.ts';
import { type Incident, Training } from './training.ts';

export interface TrainOptions extends GivenEnv {
  /** Where the run's files go; runs/<name> unless given. */
  runDir?: string;
  /** Go on where the run in that directory stopped. */
  resume?: boolean;
  /** Aborting it finishes the update, saves and stops. */
  signal?: AbortSignal;
  /** What relative modules in the config start from; the working directory unless given. */
  baseDir?: string;
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
 * Trains an agent as a config says.
 *
 * @throws UsageError for a bad config or a run directory that cannot be used, EnvFailed for an environment that
 *   breaks its contract, CheckpointError for a damaged checkpoint; nothing already saved is lost
 */
export async function train(input: ConfigInput, given: TrainOptions = {}): Promise<TrainResult> {
  const { on = () => {}, baseDir = process.cwd() } = given;
  const options = { onListening: once((url: string) => on({ type: 'listening', url })), ...given };
  const parsed = parseConfig(input);
  const runDir = options.runDir ?? join('runs', parsed.name);
  const asked = options.resume ? await asChosen(parsed, runDir) : parsed;
  const backend = await startBackend(asked, () => Agent.create(asked, baseDir, options));
  const { name, build = asked.kernels.build, threads = asked.kernels.threads } = backend;
  // Resolved: modules absolute, so that the run's own config names them too, and what was chosen.
  const resolved = { ...asked, backend: name, kernels: { ...asked.kernels, build, threads } };
  const config = withModules(resolved, (module) =>
    module.startsWith('file:') ? module : resolve(baseDir, module),
  );
  const agent = await Agent.create(config, baseDir, options);
  const { steps, done } = await session(agent, backend, runDir, options).finally(() =>
    agent.dispose(),
  );
  if (!done) {
    on({ type: 'finished', steps, interrupted: true });
    return { runDir, steps, interrupted: true };
  }
  const evaluation = await conclude(runDir, options);
  on({ type: 'finished', steps, interrupted: false, evaluation });
  return { runDir, steps, interrupted: false, evaluation };
}

/** Trains until done or aborted. */
async function session(
  agent: Agent,
  { device, warning, timings }: ChosenBackend,
  runDir: string,
  options: TrainOptions,
): Promise<{ steps: number; done: boolean }> {
  const { baseDir = process.cwd(), resume = false, on = () => {} } = options;
  const { config } = agent;
  const source = await envSource(config, baseDir, options);
  // Before there are files, in case it cannot be; a resumed run has its own weights.
  if (!resume) await warmStart(agent);
  const { files, checkpoint, damaged } = await RunFiles.open(runDir, config, resume);
  for (const { path, message } of damaged) on({ type: 'damaged', path, message });
  let training: Training | undefined;
  const close = async () => {
    files.close();
    await training?.dispose();
  };
  try {
    if (resume && checkpoint === undefined) await warmStart(agent);
    training = await Training.begin(agent, source, checkpoint);
    on({
      type: 'started',
      runDir,
      device,
      timings,
      warning,
      parameters: agent.policy.parameters.size,
      resumedFrom: checkpoint?.step,
    });
    await loop(training, files, options);
  } catch (error) {
    // What went wrong first is what is told.
    await close().catch(() => {});
    throw error;
  }
  await close();
  return { steps: training.steps, done: training.done };
}

/** The training loop. */
async function loop(
  training: Training,
  files: RunFiles,
  { env, signal, on = () => {} }: TrainOptions,
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
    ),
    { defaultValue: undefined },
  );
}

/** Keeps what went into an update that was undone, and goes on. @throws RunError after too many in a row */
async function setAside(
  incident: Incident,
  training: Training,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): Promise<void> {
  const { inARow } = training.guard;
  const { reason, update, steps } = incident;
  const path = await files.setAside(incident);
  on({ type: 'incident', update, steps, reason, inARow, path });
  if (inARow >= training.agent.config.guards.inARow) {
    throw new RunError(
      `${inARow} updates in a row were undone (guards.inARow): ${reason}; ${path}`,
    );
  }
  training.proceed();
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
  if (reason !== undefined) on({ type: 'released', update, steps, reason });
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
  const due = update % checkpoint.everyUpdates === 0 || training.done || signal?.aborted;
  if (!due && !best) return;
  const path = await phases.during('checkpoint', async () =>
    files.save(await training.checkpoint(), checkpoint.keep, best),
  );
  on({ type: 'checkpointed', update, steps, path });
}

/** Takes what the config's warmStart names, if it does. @throws UsageError where it does not fit */
async function warmStart(agent: Agent): Promise<void> {
  const { warmStart: runDir } = agent.config.train;
  if (runDir === undefined) return;
  try {
    await agent.warmStart(runDir);
  } catch (error) {
    throw new UsageError(`train.warmStart: ${runDir}: ${(error as Error).message}`);
  }
}

/** What the run has come to: its best checkpoint, evaluated in full, and the report. */
async function conclude(runDir: string, { env, encoder }: TrainOptions): Promise<Evaluation> {
  const agent = await Agent.load(runDir, { env, encoder });
  try {
    const evaluation = await evaluate(agent, { env });
    await writeReport(runDir, agent, await envSource(agent.config, runDir, { env }), evaluation);
    return evaluation;
  } finally {
    agent.dispose();
  }
}

/** Passes the first value on alone. */
function once<T>(listener: (value: T) => void): (value: T) => void {
  let told = false;
  return (value) => {
    if (!told) listener(value);
    told = true;
  };
}
