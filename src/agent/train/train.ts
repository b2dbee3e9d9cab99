import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  anything,
  type Checks,
  callback,
  checkOptions,
  flag,
  signalCheck,
  text,
  untilAborted,
} from '../../envs/common/index.ts';
import { type ChosenBackend, NonFiniteError } from '../../kernels/index.ts';
import { type EncoderFactory, explainActionBounds } from '../../policy/index.ts';
import { Agent } from '../agent/agent.ts';
import { type Clock, systemClock } from '../common/clock.ts';
import { closing } from '../common/closing.ts';
import { UsageError } from '../common/errors.ts';
import { chosenIn } from '../config/chosen-in.ts';
import type { ConfigInput } from '../config/config.ts';
import { type EnvSource, envSource, type GivenEnv } from '../config/env-source.ts';
import { parseConfig, withModules } from '../config/parse-config.ts';
import type { Evaluation, Losses, TrainEvent } from '../events/events.ts';
import { EventsLog } from '../events/events-log.ts';
import { type Hook, Hooks } from '../hooks/hooks.ts';
import { explainPrice } from '../recipe/halting-schedule.ts';
import type { Checkpoint } from '../run/index.ts';
import { Heartbeat, watchThread } from '../watchdog/index.ts';
import { Budget } from './budget.ts';
import { conclude } from './conclude.ts';
import type { Evaluated } from './evaluation-guards.ts';
import { failureReporter, reportStrayErrors, throwStrayError } from './incidents.ts';
import { explainLength } from './learning-schedule.ts';
import { loop } from './loop.ts';
import { Recovery } from './recovery.ts';
import { checkRunDir, RunFiles } from './run-files.ts';
import { asChosen, startBackend } from './start-backend.ts';
import { Training } from './training.ts';
import type { TrainingState } from './training-state.ts';

/** Where a run's files go, how it begins and ends, and the parts of it that come from code instead of the config. */
export interface TrainOptions extends GivenEnv {
  /** The directory of the run's files; default `runs/<name>`. */
  runDir?: string;
  /** Continues the run in `runDir` from its latest checkpoint; default `false`. */
  resume?: boolean;
  /**
   * Replaces the run in `runDir`, if the directory holds one; default `false`. `train` deletes the old run's files,
   * and no others, once the new run can begin.
   */
  overwrite?: boolean;
  /**
   * Abort it to finish the update, save and stop. Where remote environments no longer answer, `train` stops with the
   * latest checkpoint. Before the run's files are open, `train` rejects with the signal's reason.
   */
  signal?: AbortSignal;
  /** The directory that relative modules in the config start from; default: the working directory. */
  baseDir?: string;
  /** An encoder in place of the config's. */
  encoder?: EncoderFactory;
  /** Hooks, beside those that the config names. */
  hooks?: readonly Hook[];
  /** Receives every event of the run; an error that it throws ends the run. */
  on?: (event: TrainEvent) => void;
  /** The clock; default: the system's. */
  clock?: Clock;
}

const trainChecks: Checks<TrainOptions> = {
  env: callback,
  onListening: callback,
  runDir: text,
  resume: flag,
  overwrite: flag,
  signal: signalCheck,
  baseDir: text,
  encoder: callback,
  hooks: anything,
  on: callback,
  clock: anything,
};

/** How a run ended. */
export interface TrainResult extends Losses {
  /** The directory of the run's files. */
  runDir: string;
  /** Environment steps done, over all sessions of the run. */
  envSteps: number;
  /** Whether the run ended before its `train.totalSteps`: `resume` continues it. */
  interrupted: boolean;
  /** Present where the run stopped because it was over its `budget`; another process should resume it. */
  restart?: true;
  /**
   * The evaluation of the best checkpoint, once training is done. Absent where there is none: `evaluation.episodes`
   * is 0, or no environment is there to evaluate on.
   */
  evaluation?: Evaluation;
}

/**
 * Trains an agent as a config says, and writes its checkpoints and metrics to a run directory.
 *
 * ```ts
 * import { Agent, loadConfig, progress, train } from 'pondera';
 *
 * const config = await loadConfig('cartpole', { set: ['train.totalSteps=50000'] });
 * const { runDir, evaluation } = await train(config, { on: progress() });
 * console.log(evaluation?.return.mean);
 * const agent = await Agent.load(runDir);
 * ```
 *
 * @param input a config; fields that it leaves out have their defaults
 * @throws UsageError for a bad config or a run directory that cannot be used
 * @throws EnvError where an environment breaks its contract more often than `guards.envFailures` allows
 * @throws RunError where updates or the policy go wrong more often than `guards` allows, or a hook fails
 * @throws CheckpointError where it resumes and can read no checkpoint
 * @throws RangeError for an unknown option. In each case the run keeps the checkpoints that it has saved
 */
export async function train(input: ConfigInput, given: TrainOptions = {}): Promise<TrainResult> {
  checkOptions('train', given, trainChecks);
  const { baseDir = process.cwd(), clock = systemClock } = given;
  const parsed = parseConfig(input);
  const runDir = given.runDir ?? join('runs', parsed.name);
  checkRunDir(runDir, given);
  const hooks = await Hooks.load(parsed, baseDir, given.hooks);
  const log = new EventsLog(clock);
  const on = (event: TrainEvent) => {
    log.append(event);
    given.on?.(event);
    hooks.emit(event);
  };
  // Each group of environments would report it again.
  const onListening = once((url: string) => {
    on({ type: 'listening', url });
    given.onListening?.(url);
  });
  const options = { ...given, onListening, baseDir, clock, on };
  const asked = options.resume ? await asChosen(parsed, runDir) : parsed;
  const { signal } = options;
  const backend = await untilAborted(
    signal,
    startBackend(asked, () => Agent.create(asked, baseDir, options)),
  );
  const { name, build = asked.kernels.build, threads = asked.kernels.threads } = backend;
  // The run's own config: with absolute modules, and the backend that was chosen.
  const resolved = { ...asked, backend: name, kernels: { ...asked.kernels, build, threads } };
  const config = withModules(resolved, (module) =>
    module.startsWith('file:') ? module : resolve(baseDir, module),
  );
  const agent = await Agent.create(config, baseDir, options);
  const opened = await open(agent, runDir, log, options).catch((error) => {
    agent.dispose();
    throw error;
  });
  const { files } = opened;
  const heartbeat = new Heartbeat();
  const watched = watchThread(runDir, heartbeat, config.watchdog.threadSeconds);
  const stopReporting = reportStrayErrors(signal, heartbeat, files, on);
  const run = async () => {
    const chosen = chosenIn(agent.config, config);
    const about = { ...options, chosen };
    const trained = await session(agent, backend, opened, hooks, heartbeat, about).catch(
      (error) => {
        if (!signal?.aborted || error !== signal.reason) throw error;
        return undefined;
      },
    );
    throwStrayError(signal);
    if (trained === undefined) {
      // Aborted before its environments were there.
      const { step: envSteps = 0, state } = opened.checkpoint ?? {};
      const losses = (state as TrainingState | undefined)?.losses;
      const result = { envSteps, interrupted: true, lostEpisodes: 0, envFailures: 0, ...losses };
      on({ type: 'finished', ...result });
      return { runDir, ...result };
    }
    const { done, restart, run } = trained;
    heartbeat.doing('evaluation');
    const outcome = done ? await conclude(agent, opened.source, files, run, options) : undefined;
    throwStrayError(signal);
    const result = {
      envSteps: run.envSteps,
      interrupted: outcome === undefined,
      ...(restart && { restart }),
      evaluation: outcome?.evaluation,
      ...run.losses,
    };
    on({ type: 'finished', ...result });
    return { runDir, ...result };
  };
  return closing(
    () => {
      watched();
      stopReporting();
      agent.dispose();
      return files.close();
    },
    () => files.noteFailure(hooks.during(run)),
  );
}

type Session = TrainOptions & { baseDir: string; clock: Clock; on: (event: TrainEvent) => void };

/** What the first event of a session tells beside the run itself. */
type About = Session & { chosen: Record<string, unknown> };

interface Opened {
  source: EnvSource;
  files: RunFiles;
  checkpoint?: Checkpoint;
}

/** Opens the environments and the files of a run; a new run gets the weights of `train.warmStart`. */
async function open(
  agent: Agent,
  runDir: string,
  log: EventsLog,
  options: Session,
): Promise<Opened> {
  const { baseDir, resume = false, on } = options;
  if (options.env && agent.config.selfPlay) {
    throw new UsageError(
      'env: expected none together with selfPlay, which plays the game of env.id',
    );
  }
  const source = await envSource(agent.config, baseDir, options);
  // Before the files, in case it fails; a resumed run has its own weights.
  if (!resume) await warmStart(agent);
  const opening = RunFiles.open(runDir, agent.config, options, log, (message) =>
    on({ type: 'waiting', message }),
  );
  const opened = await untilAborted(options.signal, opening, ({ files }) => files.close());
  for (const { path, message } of opened.damaged) on({ type: 'damaged', path, message });
  return { ...opened, source };
}

/**
 * Trains until done, aborted or over budget. Where the policy's numbers are not finite, it continues from the newest
 * checkpoint.
 * @throws RunError after too many such failures in a row
 */
async function session(
  agent: Agent,
  backend: ChosenBackend,
  { source, files, checkpoint }: Opened,
  hooks: Hooks,
  heartbeat: Heartbeat,
  options: About,
): Promise<{ run: Evaluated; done: boolean; restart: boolean }> {
  const { resume = false, clock, on, signal, chosen } = options;
  if (resume && checkpoint === undefined) await warmStart(agent);
  const recovery = new Recovery(files, agent.config.guards, on);
  const budget = new Budget(agent.config.budget);
  let from = checkpoint;
  for (;;) {
    const beginning = Training.begin(agent, source, from, clock, heartbeat);
    const training = await untilAborted(signal, beginning, (late) => late.dispose());
    try {
      return await closing(
        () => training.dispose(failureReporter(training, files, on)),
        async () => {
          if (from === undefined) recovery.beginsWith(await training.checkpoint());
          hooks.start({ config: agent.config, dir: files.dir }, training.hookRequests);
          on(started(agent, files, backend, from, chosen));
          if (from === checkpoint) {
            for (const message of warnings(agent, from)) on({ type: 'warning', message });
          }
          const { restart } = await loop(training, files, budget, recovery, from, options);
          const done = training.done && training.unevaluated === undefined;
          const { update, envSteps, losses, calling } = training;
          return {
            run: { config: agent.config, update, envSteps, losses, calling },
            done,
            restart,
          };
        },
      );
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      from = await recovery.goBack(error, training);
    }
  }
}

/** Settings whose consequences a user may not expect. */
function warnings(agent: Agent, from: Checkpoint | undefined): string[] {
  const bounds = explainActionBounds(agent);
  const { envSteps, totalSteps } = (from?.state ?? { envSteps: 0 }) as TrainingState;
  const found = [
    bounds && `${bounds.found}; ${bounds.fix}`,
    explainPrice(agent.config),
    explainLength(agent.config, envSteps, totalSteps),
  ];
  return found.filter((message) => message !== undefined);
}

function started(
  agent: Agent,
  { dir }: RunFiles,
  { device, warning, timings }: ChosenBackend,
  from: Checkpoint | undefined,
  chosen: Record<string, unknown>,
): TrainEvent {
  return {
    type: 'started',
    runDir: dir,
    device,
    timings,
    warning,
    parameters: agent.policy.parameters.size,
    summaries: agent.policy.summaries,
    chosen,
    resumedFrom: from?.step,
  };
}

/** Takes the weights that the config's `train.warmStart` names, if any. @throws UsageError where they do not fit */
async function warmStart(agent: Agent): Promise<void> {
  const { warmStart: runDir } = agent.config.train;
  if (runDir === undefined) return;
  if (!existsSync(join(runDir, 'checkpoints'))) {
    throw new UsageError(
      `train.warmStart: ${runDir}: expected a run directory, found no checkpoints`,
    );
  }
  try {
    await agent.warmStart(runDir);
  } catch (error) {
    throw new UsageError(`train.warmStart: ${runDir}: ${(error as Error).message}`);
  }
}

/** Passes the first value on alone. */
function once<T>(listener: (value: T) => void): (value: T) => void {
  let called = false;
  return (value) => {
    if (!called) listener(value);
    called = true;
  };
}
