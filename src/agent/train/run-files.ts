import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AsideVerb, EnvMetrics, Failed } from '../../envs/index.ts';
import type { Tensors } from '../../policy/index.ts';
import { RunError, RunExistsError, type StrayError, UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { refuseOther } from '../config/refuse-other.ts';
import { writeConfig } from '../config/write-config.ts';
import type { Activity, Kept, UpdateMetrics } from '../events/events.ts';
import type { EventsLog } from '../events/events-log.ts';
import { exclusive, waitingFor } from '../run/exclusive.ts';
import {
  type Checkpoint,
  CheckpointStore,
  type Damaged,
  encodeSafetensors,
  type HeldLock,
  MetricsLog,
  setRunAside,
  TensorBoardWriter,
  unusedPath,
  writeDirAtomic,
} from '../run/index.ts';
import type { Incident } from './incident.ts';
import type { TrainingState } from './training-state.ts';

/** The moment of a failure of an environment. */
export interface FailedAt {
  update: number;
  envSteps: number;
  during: Activity;
}

/** How a run begins in a directory that may hold a run. */
export interface Begin {
  /** Whether to continue that run. */
  resume?: boolean;
  /** Whether to replace that run. */
  overwrite?: boolean;
  /** Abort it to stop waiting for another process's lock. */
  signal?: AbortSignal;
}

const CONFIG = 'config.resolved.yaml';

/** Checks that a run can begin in a directory. @throws UsageError where it cannot */
export function checkRunDir(dir: string, { resume, overwrite }: Begin): void {
  if (dir.trim() === '') throw new UsageError('runDir: expected a directory, got an empty string');
  if (resume && overwrite) throw new UsageError('overwrite: not allowed together with resume');
  if (existsSync(dir) && !statSync(dir).isDirectory()) {
    throw new UsageError(`${dir}: expected a directory for the run, found a file`);
  }
  const holdsRun = existsSync(join(dir, CONFIG));
  if (resume && !holdsRun)
    throw new UsageError(`${dir}: expected a run to resume, found no ${CONFIG}`);
  if (holdsRun && !resume && !overwrite) throw new RunExistsError(dir);
}

/** The files of a run while it trains. */
export class RunFiles {
  readonly dir: string;
  readonly store: CheckpointStore;
  readonly #metrics: MetricsLog;
  #board: TensorBoardWriter;
  readonly #events: EventsLog;
  readonly #reportedVerbs = new Set<AsideVerb>();
  readonly #lock: HeldLock;

  private constructor(
    dir: string,
    resumeStep: number | undefined,
    events: EventsLog,
    lock: HeldLock,
  ) {
    this.dir = dir;
    this.store = new CheckpointStore(join(dir, 'checkpoints'));
    this.#metrics = new MetricsLog(join(dir, 'metrics.jsonl'));
    this.#board = this.#newBoard(resumeStep);
    this.#events = events;
    this.#lock = lock;
  }

  /**
   * Opens a run directory for this process alone: a new one, one with a run of the same config to continue (`resume`),
   * or one with a run to replace (`overwrite`).
   * @param events the log that it opens, and closes with the files
   * @param onWait receives a message where it takes a while to find out whether another process still trains there
   * @returns the files, the checkpoint to continue from, and the damaged checkpoints that it has set aside
   * @throws UsageError where there is a run already, none to resume, one of another config, or another process
   *   that trains there
   */
  static async open(
    dir: string,
    config: Config,
    begin: Begin,
    events: EventsLog,
    onWait: (message: string) => void = () => {},
  ): Promise<{ files: RunFiles } & Found> {
    checkRunDir(dir, begin);
    const configPath = join(dir, CONFIG);
    await mkdir(dir, { recursive: true });
    const lockPath = join(dir, 'run.lock');
    const lock = await exclusive(lockPath, (holder) => `${dir}: ${holder} already trains there`, {
      onWait: (holder, seconds) => onWait(waitingFor(lockPath, holder, seconds)),
      signal: begin.signal,
    });
    const fresh = !existsSync(configPath);
    try {
      let found: Found = { damaged: [] };
      // Again, now that no other process can change it.
      checkRunDir(dir, begin);
      let discard = async () => {};
      if (begin.resume) {
        refuseOther(await loadConfig(configPath), config, dir);
        found = await newest(new CheckpointStore(join(dir, 'checkpoints')));
      } else if (existsSync(configPath)) {
        discard = await setRunAside(dir);
      }
      await mkdir(join(dir, 'checkpoints'), { recursive: true });
      await writeConfig(configPath, config);
      await discard();
      const { checkpoint } = found;
      const files = new RunFiles(dir, checkpoint && nextLine(checkpoint).step, events, lock);
      await files.#truncateTo(checkpoint);
      events.open(join(dir, 'events.jsonl'));
      return { files, ...found };
    } catch (error) {
      // So that the next attempt does not find a run.
      if (fresh) await rm(configPath, { force: true }).catch(() => {});
      await lock.release();
      throw error;
    }
  }

  /** Goes back to the newest checkpoint, or to the beginning, and drops the log lines since. */
  async rewind(): Promise<Found> {
    const found = await newest(this.store);
    await this.#truncateTo(found.checkpoint);
    this.#board.close();
    this.#board = this.#newBoard(found.checkpoint ? nextLine(found.checkpoint).step : 1);
    return found;
  }

  #truncateTo(checkpoint: Checkpoint | undefined): Promise<void> {
    return this.#metrics.truncateTo(checkpoint ? nextLine(checkpoint).update - 1 : 0);
  }

  #newBoard(resumeStep: number | undefined): TensorBoardWriter {
    return new TensorBoardWriter(join(this.dir, 'tensorboard'), { resumeStep });
  }

  /** Logs an update. @throws RunError where the directory is gone, or another process has taken it over */
  log(metrics: UpdateMetrics): void {
    this.#check();
    this.#metrics.append(metrics);
    const {
      update: _,
      envSteps,
      histogram,
      ponderSteps,
      timing,
      phase,
      envMetrics,
      evaluation,
      ...scalars
    } = metrics;
    const { inferenceByDepth, time, ...times } = timing;
    const wallTime = Date.parse(time) / 1000;
    const all = {
      ...scalars,
      ...times,
      ...Object.fromEntries(inferenceByDepth.map((s, k) => [`inferenceByDepth/${k + 1}`, s])),
      'ponderSteps/mean': ponderSteps.mean,
      'ponderSteps/p95': ponderSteps.p95,
      released: phase === 'released' ? 1 : 0,
      ...under('env/', envMetrics),
      ...(evaluation && {
        'evaluation/return': evaluation.return.mean,
        'evaluation/netReturn': evaluation.netReturn.mean,
        'evaluation/successRate': evaluation.successRate,
        'evaluation/nats': evaluation.nats,
        'evaluation/ponderSteps': evaluation.ponderSteps.mean,
        'evaluation/spearman': evaluation.spearman,
        ...under('evaluation/env/', evaluation.envMetrics),
      }),
    };
    for (const [name, value] of Object.entries(all)) {
      if (typeof value === 'number') this.#board.scalar(name, value, envSteps, wallTime);
    }
    const depths = histogram.map((_, i) => i + 1);
    this.#board.histogram('ponderSteps', depths, envSteps, wallTime, histogram);
  }

  /**
   * Saves a checkpoint, after the log lines before it.
   * @returns its path
   * @throws Error where it cannot be written; the earlier checkpoints are then intact. RunError as `log`
   */
  async save(checkpoint: Checkpoint): Promise<string> {
    this.#check();
    this.#metrics.sync();
    this.#board.flush();
    return await this.store.save(checkpoint);
  }

  /** Marks the best checkpoint, if it has changed, and deletes those that are no longer kept. */
  async tidy(
    best: number | undefined,
    { keep, milestoneSteps }: Config['checkpoint'],
  ): Promise<void> {
    await this.store.settleBest(best);
    await this.store.prune({ keepLast: keep, milestoneSteps });
  }

  /** Saves an update that was undone. */
  setAside({ batch, before, ...incident }: Incident): Promise<Kept> {
    const note = { ...incident, ...before.counters };
    return this.#keep(`update-${incident.update}-at-${incident.envSteps}`, note, {
      'batch.safetensors': encodeSafetensors(batch),
      'weights.safetensors': encodeSafetensors(before.weights),
      'optimizer.safetensors': encodeSafetensors(before.tensors),
    });
  }

  /** Saves a policy whose numbers are not finite. */
  keepPolicy(note: { envSteps: number; consecutive: number }, weights: Tensors): Promise<Kept> {
    return this.#keep(`policy-at-${note.envSteps}-${note.consecutive}`, note, {
      'weights.safetensors': encodeSafetensors(weights),
    });
  }

  /** Saves an incident, as a directory that appears whole. */
  async #keep(name: string, note: object, files: Record<string, Uint8Array>): Promise<Kept> {
    const path = unusedPath(join(this.dir, 'incidents'), name);
    const json = `${JSON.stringify({ version: 1, ...note }, null, 2)}\n`;
    try {
      this.#check();
      await mkdir(join(this.dir, 'incidents'), { recursive: true });
      await writeDirAtomic(path, { 'incident.json': json, ...files });
      return { path };
    } catch (error) {
      return { unkept: (error as Error).message };
    }
  }

  /** Whether this is the first call for a method in this session. */
  isFirst(verb: AsideVerb): boolean {
    const first = !this.#reportedVerbs.has(verb);
    this.#reportedVerbs.add(verb);
    return first;
  }

  /** Saves a failure of an environment, before anything follows from it. */
  keepFailure({ error, consecutive, observation, aside }: Failed, at: FailedAt): Kept {
    const { cause, ...failure } = error.failure;
    const note = {
      version: 1,
      reason: error.message,
      consecutive,
      ...at,
      ...failure,
      observation: observation && { row: observation.row, mask: observation.mask },
      stack: cause instanceof Error ? cause.stack : error.stack,
    };
    const which = at.during === 'training' ? 'env' : 'evaluation-env';
    const name = [
      which,
      failure.env,
      ...(aside ? [aside] : []),
      'at',
      at.envSteps,
      consecutive,
    ].join('-');
    return this.#keepNote(name, note);
  }

  /** Saves an error that nothing catches. */
  keepStray(
    { message: reason, stack }: StrayError,
    at: { update: number; envSteps: number },
  ): Kept {
    return this.#keepNote(`process-at-${at.envSteps}`, { version: 1, ...at, reason, stack });
  }

  /** Saves an incident as a file, before it returns. */
  #keepNote(name: string, note: object): Kept {
    const dir = join(this.dir, 'incidents');
    try {
      this.#check();
      mkdirSync(dir, { recursive: true });
      const path = unusedPath(dir, name, '.json');
      writeFileSync(path, `${JSON.stringify(note, asLists, 2)}\n`);
      return { path };
    } catch (error) {
      return { unkept: (error as Error).message };
    }
  }

  /** Writes to events.jsonl why `run` fails, if it does. */
  async noteFailure<T>(run: Promise<T>): Promise<T> {
    try {
      return await run;
    } catch (error) {
      this.reportFailed(error);
      throw error;
    }
  }

  #check(): void {
    try {
      this.#lock.check();
    } catch (cause) {
      const what = existsSync(this.dir)
        ? `${(cause as Error).message}: another process could train there`
        : `${this.dir} is gone: the directory was deleted or moved during training`;
      throw new RunError(what, { cause });
    }
  }

  /** Writes to events.jsonl why the run failed. */
  reportFailed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#events.append({ type: 'failed', message });
  }

  async close(): Promise<void> {
    try {
      this.#events.close();
      this.#metrics.close();
      this.#board.close();
    } finally {
      await this.#lock.release();
    }
  }
}

/** The checkpoint to continue from, if there is one, and the damaged ones that were set aside. */
interface Found {
  checkpoint?: Checkpoint;
  damaged: Damaged[];
}

async function newest(store: CheckpointStore): Promise<Found> {
  const found: Found = (await store.latest()) ? await store.recover() : { damaged: [] };
  // A crash may have come before the best one was marked, or damage after.
  await store.settleBest((found.checkpoint?.state as TrainingState | undefined)?.best?.envSteps);
  return found;
}

/** The next line of the logs after a checkpoint: that of its own update, where its evaluation is due. */
function nextLine({ step, state }: Checkpoint): { update: number; step: number } {
  const { update, unevaluated } = state as TrainingState;
  const after = unevaluated === undefined ? 1 : 0;
  return { update: update + after, step: step + after };
}

/** Numbers by tags. */
function under(prefix: string, numbers: EnvMetrics = {}): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, n]) => [prefix + name, n]));
}

/** Turns typed arrays into lists: JSON would write them as objects. */
function asLists(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
}
