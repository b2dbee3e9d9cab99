import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { UsageError } from './errors.ts';
import type { UpdateMetrics } from './events.ts';
import type { EventsLog } from './events-log.ts';
import { momentTensors } from './learner.ts';
import { loadConfig } from './load-config.ts';
import { resolvedYaml } from './resolved-yaml.ts';
import {
  type Checkpoint,
  CheckpointStore,
  type Damaged,
  encodeSafetensors,
  Locked,
  MetricsLog,
  TensorBoardWriter,
  takeLock,
  writeDirAtomic,
  writeFileAtomic,
} from './run/index.ts';
import type { Incident, TrainingState } from './training.ts';

/** The files of a run while it trains. */
export class RunFiles {
  readonly dir: string;
  readonly store: CheckpointStore;
  readonly #metrics: MetricsLog;
  readonly #board: TensorBoardWriter;
  readonly #events: EventsLog;
  readonly #unlock: () => Promise<void>;

  private constructor(
    dir: string,
    resumeStep: number | undefined,
    events: EventsLog,
    unlock: () => Promise<void>,
  ) {
    this.dir = dir;
    this.store = new CheckpointStore(join(dir, 'checkpoints'));
    this.#metrics = new MetricsLog(join(dir, 'metrics.jsonl'));
    this.#board = new TensorBoardWriter(join(dir, 'tensorboard'), { resumeStep });
    this.#events = events;
    this.#unlock = unlock;
  }

  /**
   * Opens a run directory, new or (resume) one that holds a run of the same config, for this process alone.
   * @param events opened here, and closed with the files
   * @returns the files, the checkpoint to go on from, and those that were found damaged and set aside
   * @throws UsageError where there is a run already, none to resume, one of another config, or another process
   *   that trains there
   */
  static async open(
    dir: string,
    config: Config,
    resume: boolean,
    events: EventsLog,
  ): Promise<{ files: RunFiles; checkpoint?: Checkpoint; damaged: Damaged[] }> {
    const configPath = join(dir, 'config.resolved.yaml');
    if (resume && !existsSync(configPath)) {
      throw new UsageError(`${dir}: nothing to resume, found no config.resolved.yaml`);
    }
    await mkdir(dir, { recursive: true });
    const unlock = await lock(dir);
    try {
      let checkpoint: Checkpoint | undefined;
      let damaged: Damaged[] = [];
      if (resume) {
        refuseOther(await loadConfig(configPath), config, dir);
        const store = new CheckpointStore(join(dir, 'checkpoints'));
        if (await store.latest()) ({ checkpoint, damaged } = await store.recover());
        // A crash may have come before the best was marked, and damage after.
        await store.settleBest((checkpoint?.state as TrainingState | undefined)?.best?.steps);
      } else if (existsSync(configPath)) {
        throw new UsageError(
          `${dir} holds a run already: go on with --resume, or give another --run-dir`,
        );
      }
      await writeFileAtomic(configPath, resolvedYaml(config, dir));
      const files = new RunFiles(dir, checkpoint && checkpoint.step + 1, events, unlock);
      await files.#metrics.truncateTo(
        (checkpoint?.state as TrainingState | undefined)?.update ?? 0,
      );
      events.open(join(dir, 'events.jsonl'));
      return { files, checkpoint, damaged };
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  log(metrics: UpdateMetrics): void {
    this.#metrics.append(metrics);
    const {
      update: _,
      steps,
      histogram,
      ponderSteps,
      timing,
      phase,
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
      ...(evaluation && {
        'evaluation/return': evaluation.return.mean,
        'evaluation/netReturn': evaluation.netReturn.mean,
        'evaluation/successRate': evaluation.successRate,
        'evaluation/ponderSteps': evaluation.ponderSteps.mean,
        'evaluation/spearman': evaluation.spearman,
      }),
    };
    for (const [name, value] of Object.entries(all)) {
      if (value !== null) this.#board.scalar(name, value, steps, wallTime);
    }
    const depths = histogram.flatMap((count, i) => new Array<number>(count).fill(i + 1));
    if (depths.length > 0) this.#board.histogram('ponderSteps', depths, steps, wallTime);
  }

  /**
   * Saves a checkpoint, with the lines of the logs that it counts on.
   * @returns where
   * @throws Error where it cannot be written; everything saved before is then as it was
   */
  async save(checkpoint: Checkpoint): Promise<string> {
    this.#metrics.sync();
    this.#board.flush();
    return await this.store.save(checkpoint);
  }

  /** Marks the best checkpoint, where that is another now, and deletes those that are kept no longer. */
  async tidy(
    best: number | undefined,
    { keep, milestoneSteps }: Config['checkpoint'],
  ): Promise<void> {
    await this.store.settleBest(best);
    await this.store.prune({ keepLast: keep, milestoneSteps });
  }

  /** Keeps an update that was undone. @returns where */
  async setAside({ batch, before, ...incident }: Incident): Promise<string> {
    const dir = join(this.dir, 'incidents');
    await mkdir(dir, { recursive: true });
    const path = join(dir, `update-${incident.update}-at-${incident.steps}`);
    await writeDirAtomic(path, {
      'incident.json': `${JSON.stringify({ version: 1, ...incident, optimiserStep: before.adam.step }, null, 2)}\n`,
      'batch.safetensors': encodeSafetensors(batch),
      'weights.safetensors': encodeSafetensors(before.weights),
      'optimiser.safetensors': encodeSafetensors(momentTensors(before.adam)),
    });
    return path;
  }

  /** Writes into events.jsonl why `run` failed, where it does. */
  async noteFailure<T>(run: Promise<T>): Promise<T> {
    try {
      return await run;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#events.append({ type: 'failed', message });
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      this.#events.close();
      this.#metrics.close();
      this.#board.close();
    } finally {
      await this.#unlock();
    }
  }
}

/** @throws UsageError where another process trains in `dir` */
async function lock(dir: string): Promise<() => Promise<void>> {
  try {
    return await takeLock(join(dir, 'run.lock'));
  } catch (error) {
    if (!(error instanceof Locked)) throw error;
    throw new UsageError(`${dir}: process ${error.pid} trains there already`);
  }
}

/**
 * A resumed run is the same run: what shapes learning must not differ. How often it is evaluated and
 * saved may, what it is guarded against and may take, on how many threads and in how much memory it runs, where its environments are, and it may be
 * made longer.
 */
function refuseOther(saved: Config, wanted: Config, dir: string): void {
  const learning = ({
    evaluation: _,
    checkpoint: __,
    guards: ___,
    hooks: ____,
    budget: _____,
    env,
    kernels,
    train,
    ...rest
  }: Config) => ({
    ...rest,
    env: { ...env, url: 0, listen: 0, workers: 0, frame: 0, tokenEnv: 0, timeoutMs: 0 },
    kernels: kernels.build,
    train: { ...train, totalSteps: undefined },
  });
  // As JSON has them, where a field that is undefined is not there.
  const [before, now] = [saved, wanted].map(
    (config): ReturnType<typeof learning> => JSON.parse(JSON.stringify(learning(config))),
  );
  const keys = Object.keys(now) as (keyof typeof now)[];
  const differences = keys.filter((key) => !isDeepStrictEqual(before[key], now[key]));
  if (differences.length > 0) {
    throw new UsageError(
      `${dir}: cannot resume with another config; these differ: ${differences.join(', ')}`,
    );
  }
}
