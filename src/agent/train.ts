import { join, resolve } from 'node:path';
import type { ChosenBackend } from '../kernels/index.ts';
import type { EncoderFactory } from '../policy/index.ts';
import { Agent } from './agent.ts';
import type { Config, ConfigInput } from './config.ts';
import { envSource, type GivenEnv } from './env-setup.ts';
import { UsageError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import type { Evaluation, TrainEvent } from './events.ts';
import { type Hook, Hooks } from './hooks.ts';
import { parseConfig, withModules } from './load-config.ts';
import { loop } from './loop.ts';
import { writeReport } from './report-run.ts';
import { RunFiles } from './run-files.ts';
import { asChosen, startBackend } from './start-backend.ts';
import { Training } from './training.ts';

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
  /** A developer's own parts in the run, beside those that the config names. */
  hooks?: readonly Hook[];
  /** Told of everything; what it throws ends the run. */
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
  const hooks = await Hooks.load(config, baseDir, options.hooks);
  const tell = (event: TrainEvent) => {
    on(event);
    hooks.tell(event);
  };
  try {
    const result = await trainAndConclude(config, backend, runDir, hooks, { ...options, on: tell });
    tell({ type: 'finished', ...result });
    await hooks.end();
    return { runDir, ...result };
  } catch (error) {
    await hooks.fail(error);
    throw error;
  }
}

async function trainAndConclude(
  config: Config,
  backend: ChosenBackend,
  runDir: string,
  hooks: Hooks,
  options: TrainOptions,
): Promise<Omit<TrainResult, 'runDir'>> {
  const agent = await Agent.create(config, options.baseDir ?? process.cwd(), options);
  const { steps, done } = await session(agent, backend, runDir, hooks, options).finally(() =>
    agent.dispose(),
  );
  if (!done) return { steps, interrupted: true };
  return { steps, interrupted: false, evaluation: await conclude(runDir, options) };
}

/** Trains until done or aborted. */
async function session(
  agent: Agent,
  { device, warning, timings }: ChosenBackend,
  runDir: string,
  hooks: Hooks,
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
    hooks.start({ config, dir: runDir }, training);
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
