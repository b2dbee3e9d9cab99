import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { UsageError } from './errors.ts';
import type { UpdateMetrics } from './events.ts';
import { momentTensors } from './learner.ts';
import { loadConfig } from './load-config.ts';
import { resolvedYaml } from './resolved-yaml.ts';
import {
  type Checkpoint,
  CheckpointStore,
  type Damaged,
  encodeSafetensors,
  MetricsLog,
  TensorBoardWriter,
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

  private constructor(dir: string, resumeStep: number | undefined) {
    this.dir = dir;
    this.store = new CheckpointStore(join(dir, 'checkpoints'));
    this.#metrics = new MetricsLog(join(dir, 'metrics.jsonl'));
    this.#board = new TensorBoardWriter(join(dir, 'tensorboard'), { resumeStep });
  }

  /**
   * Opens a run directory, new or (resume) one that holds a run of the same config.
   * @returns the files, the checkpoint to go on from, and those that were found damaged and set aside
   * @throws UsageError where there is a run already, none to resume, or one of another config
   */
  static async open(
    dir: string,
    config: Config,
    resume: boolean,
  ): Promise<{ files: RunFiles; checkpoint?: Checkpoint; damaged: Damaged[] }> {
    const configPath = join(dir, 'config.resolved.yaml');
    const exists = existsSync(configPath);
    if (exists && !resume) {
      throw new UsageError(
        `${dir} holds a run already: go on with --resume, or give another --run-dir`,
      );
    }
    let checkpoint: Checkpoint | undefined;
    let damaged: Damaged[] = [];
    if (resume) {
      if (!exists) throw new UsageError(`${dir}: nothing to resume, found no config.resolved.yaml`);
      refuseOther(await loadConfig(configPath), config, dir);
      const store = new CheckpointStore(join(dir, 'checkpoints'));
      if (await store.latest()) ({ checkpoint, damaged } = await store.recover());
    }
    await mkdir(dir, { recursive: true });
    await writeFileAtomic(configPath, resolvedYaml(config, dir));
    const files = new RunFiles(dir, checkpoint && checkpoint.step + 1);
    await files.#metrics.truncateTo((checkpoint?.state as TrainingState | undefined)?.update ?? 0);
    return { files, checkpoint, damaged };
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
    const { inferenceByDepth, ...times } = timing;
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
      if (value !== null) this.#board.scalar(name, value, steps);
    }
    const depths = histogram.flatMap((count, i) => new Array<number>(count).fill(i + 1));
    if (depths.length > 0) this.#board.histogram('ponderSteps', depths, steps);
  }

  async save(checkpoint: Checkpoint, keepLast: number, best: boolean): Promise<string> {
    this.#metrics.sync();
    const path = await this.store.save(checkpoint);
    if (best) await this.store.markBest(checkpoint.step);
    await this.store.prune({ keepLast });
    return path;
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

  close(): void {
    this.#metrics.close();
    this.#board.close();
  }
}

/**
 * A resumed run is the same run: what shapes learning must not differ. How often it is evaluated and
 * saved may, what it is guarded against, on how many threads and in how much memory it runs, where its environments are, and it may be
 * made longer.
 * @throws UsageError naming what differs
 */
export function refuseOther(saved: Config, wanted: Config, dir: string): void {
  const learning = ({
    evaluation: _,
    checkpoint: __,
    guards: ___,
    resources: ____,
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
