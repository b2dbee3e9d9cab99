import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, type FileSystem, LEFTOVER, writeDirAtomic, writeFileAtomic } from './atomic.ts';
import { CheckpointError, CheckpointTooNewError } from './checkpoint-error.ts';
import { bestStep, type Checkpoint, checkpointFiles } from './checkpoint-files.ts';
import { loadCheckpoint, readIfThere } from './load-checkpoint.ts';
import { sealed } from './sealed-json.ts';
import { unusedPath } from './unused-path.ts';

/** The place of a checkpoint on the disk. */
interface Found {
  step: number;
  dir: string;
}

/** A checkpoint that was set aside, and why. */
export interface Damaged {
  /** Its new place. */
  path: string;
  message: string;
}

/**
 * The checkpoints of one run: directories `step-<n>` that appear whole or not at all, each with a
 * manifest of its files' sizes and hashes, and `best.json`, which points at one of them. Both end in a hash of
 * themselves (`sha256`, of the JSON text of the rest).
 * One process at a time may write; any number may read meanwhile.
 */
export class CheckpointStore {
  readonly dir: string;
  readonly #fs: FileSystem;
  #swept = false;

  /** @param dir the run's `checkpoints` directory, made at the first save */
  constructor(dir: string, fs: FileSystem = nodeFs) {
    this.dir = dir;
    this.#fs = fs;
  }

  /**
   * Writes `step-<n>`, replacing an earlier checkpoint of that step, and returns its path. Before the checkpoint gets
   * that name, `save` reads it back as a resumed run would.
   *
   * @throws Error where it cannot be written or read back; earlier checkpoints then stay unchanged
   */
  async save(checkpoint: Checkpoint): Promise<string> {
    const { step } = checkpoint;
    const files = await checkpointFiles(checkpoint);
    await this.#fs.mkdir(this.dir, { recursive: true });
    await this.#sweep();
    const dir = this.#path(step);
    await writeDirAtomic(dir, files, this.#fs, async (copy) => {
      const { step: read } = await loadCheckpoint(copy);
      if (read !== step) throw new CheckpointError(`${copy}: expected step ${step}, got ${read}`);
    });
    return dir;
  }

  /** The checkpoints in the directory, by rising step. */
  async list(): Promise<Found[]> {
    const found = new Map<number, string>();
    for (const name of await this.#names()) {
      // If the machine stopped while `save` replaced a checkpoint, its old version is whole under the old- name.
      const [, step, old] = /^step-(\d+)(\.old-\d+)?$/.exec(name) ?? [];
      if (step !== undefined && !(old && found.has(Number(step)))) found.set(Number(step), name);
    }
    return [...found]
      .sort(([a], [b]) => a - b)
      .map(([step, name]) => ({ step, dir: join(this.dir, name) }));
  }

  /** The path of the newest checkpoint, or undefined where there is none. */
  async latest(): Promise<string | undefined> {
    return (await this.list()).at(-1)?.dir;
  }

  /** The path of the checkpoint with the mark of the best one; undefined where none has it. */
  async best(): Promise<string | undefined> {
    const step = await this.#bestStep();
    return step === undefined ? undefined : await this.#find(step);
  }

  /**
   * Reads a checkpoint, verified as `loadCheckpoint` does.
   *
   * @param which the path of a checkpoint, or `latest` or `best`
   * @throws CheckpointError also where there is no latest or best one
   */
  async load(which: string): Promise<Checkpoint> {
    if (which !== 'latest' && which !== 'best') return loadCheckpoint(which);
    const dir = which === 'latest' ? await this.latest() : await this.best();
    if (dir === undefined) throw new CheckpointError(`no ${which} checkpoint in ${this.dir}`);
    return loadCheckpoint(dir);
  }

  /**
   * Loads the checkpoint `which`; without it the best one, or the latest where none is marked as best. Where that one is
   * damaged, it loads the newest readable one. It moves no files, since a run may be training here.
   *
   * @param passedOver receives the reasons why checkpoints were unreadable, and the name of the loaded one
   * @throws CheckpointError where none is readable, none is marked as best, or a newer version wrote it
   */
  async loadReadable(
    which: 'best' | 'latest' | undefined,
    passedOver: (message: string) => void,
  ): Promise<Checkpoint> {
    const all = (await this.list()).reverse();
    const reasons: string[] = [];
    const best = await this.#bestStep().catch((error) => {
      if (!(error instanceof CheckpointError) || all.length === 0) throw error;
      if (which !== 'latest') reasons.push(error.message);
      return undefined;
    });
    const wanted = which === 'latest' ? undefined : best;
    if (which === 'best' && wanted === undefined && reasons.length === 0) return this.load('best');
    if (all.length === 0) return this.load(which ?? 'latest');
    const first = all.filter(({ step }) => step === wanted);
    if (wanted !== undefined && first.length === 0) {
      reasons.push(`checkpoint ${this.#path(wanted)} does not exist`);
    }
    const rest = all.filter(({ step }) => step !== wanted);
    const { checkpoint, bad } = await this.#firstReadable([...first, ...rest]);
    reasons.push(...bad.map(({ message }) => message));
    if (reasons.length > 0) passedOver(`${reasons.join('; ')}; used: step-${checkpoint.step}`);
    return checkpoint;
  }

  /**
   * Loads the newest readable checkpoint. It renames damaged newer ones, so that `prune` does not count them and
   * `latest` does not find them.
   *
   * @throws CheckpointError where a newer version wrote the newest one, or none is readable
   */
  async recover(): Promise<{ checkpoint: Checkpoint; damaged: Damaged[] }> {
    const { checkpoint, bad } = await this.#firstReadable((await this.list()).reverse());
    return { checkpoint, damaged: await Promise.all(bad.map((one) => this.#setAside(one))) };
  }

  /** @throws CheckpointError where a newer version wrote one before the first readable one, or none is readable */
  async #firstReadable(
    all: readonly Found[],
  ): Promise<{ checkpoint: Checkpoint; bad: (Found & { message: string })[] }> {
    const bad: (Found & { message: string })[] = [];
    for (const { step, dir } of all) {
      try {
        return { checkpoint: await loadCheckpoint(dir), bad };
      } catch (error) {
        if (error instanceof CheckpointTooNewError) throw error;
        bad.push({ step, dir, message: (error as Error).message });
      }
    }
    const seen = bad.map(({ message }) => `\n${message}`).join('');
    throw new CheckpointError(`${this.dir}: expected an undamaged checkpoint, found none${seen}`);
  }

  async #setAside({ step, dir, message }: Found & { message: string }) {
    const path = unusedPath(this.dir, `damaged-step-${step}`);
    await this.#fs.rename(dir, path);
    return { path, message };
  }

  /** Makes the checkpoint of `step` the best one. @throws CheckpointError where it does not exist */
  async markBest(step: number): Promise<void> {
    await this.#find(step);
    await writeFileAtomic(this.#bestPath, await sealed({ step }), this.#fs);
  }

  /**
   * Marks the checkpoint of `step` as best where it exists. Otherwise removes a mark that is damaged or names a missing
   * checkpoint.
   */
  async settleBest(step: number | undefined): Promise<void> {
    const steps = (await this.list()).map((checkpoint) => checkpoint.step);
    const marked = await this.#bestStep().catch((error) => {
      if (!(error instanceof CheckpointError)) throw error;
      return -1;
    });
    if (step !== undefined && steps.includes(step)) {
      if (marked !== step) await this.markBest(step);
    } else if (marked !== undefined && !steps.includes(marked)) {
      await this.#fs.rm(this.#bestPath, { force: true });
    }
  }

  /**
   * Deletes all checkpoints but the newest `keepLast`, the best one, and the first at or past each multiple of
   * `milestoneSteps`.
   *
   * @param keepLast at least 1
   */
  async prune({
    keepLast,
    milestoneSteps = Number.POSITIVE_INFINITY,
  }: {
    keepLast: number;
    milestoneSteps?: number;
  }): Promise<void> {
    if (!Number.isInteger(keepLast) || keepLast < 1) {
      throw new RangeError(
        `CheckpointStore.prune: keepLast: expected an integer ≥ 1, got ${keepLast}`,
      );
    }
    const best = await this.#bestStep();
    const all = await this.list();
    const milestones = (step = 0) => Math.floor(step / milestoneSteps);
    const isMilestone = (i: number) => milestones(all[i].step) > milestones(all[i - 1]?.step);
    for (const [i, { step, dir }] of all.slice(0, -keepLast).entries()) {
      if (step === best || isMilestone(i)) continue;
      // Rename first: an interrupted deletion then leaves no partial checkpoint under a valid name.
      const doomed = `${this.#path(step)}.tmp-${process.pid}`;
      await this.#fs.rename(dir, doomed);
      await this.#fs.rm(doomed, { recursive: true, force: true });
    }
  }

  /** Deletes the leftovers of interrupted writes, once per store. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    const names = await this.#names();
    for (const leftover of names) {
      const { name, kind } = LEFTOVER.exec(leftover)?.groups ?? {};
      if (name === undefined) continue;
      const path = join(this.dir, leftover);
      if (kind === 'old' && !names.includes(name)) {
        await this.#fs.rename(path, join(this.dir, name));
      } else {
        await this.#fs.rm(path, { recursive: true, force: true });
      }
    }
    this.#swept = true;
  }

  async #find(step: number): Promise<string> {
    const found = (await this.list()).find((checkpoint) => checkpoint.step === step);
    if (!found) throw new CheckpointError(`checkpoint ${this.#path(step)} does not exist`);
    return found.dir;
  }

  #bestStep(): Promise<number | undefined> {
    return bestStep(this.#bestPath, readIfThere);
  }

  /** Sorted, so that `step-5` comes before `step-5.old-77`. */
  async #names(): Promise<string[]> {
    try {
      return (await nodeFs.readdir(this.dir)).sort();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  get #bestPath(): string {
    return join(this.dir, 'best.json');
  }

  #path(step: number): string {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new RangeError(`CheckpointStore: step: expected an integer ≥ 0, got ${step}`);
    }
    return join(this.dir, `step-${step}`);
  }
}
