import type { Clock } from '../common/clock.ts';
import { RunError } from '../common/errors.ts';
import type { TrainEvent } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

/** Time until it tries a failed save again. */
const RETRY_SECONDS = 60;

/** Reasons for a checkpoint after an update. */
export interface SaveReason {
  /** Whether something asks for one that is not due. */
  wanted: boolean;
  /** Whether the update is the last. */
  last: boolean;
}

/**
 * Saves checkpoints when they are due, by updates and by time. If one cannot be saved, the earlier ones stay as they
 * are, training continues, and it tries again after a minute.
 */
export class Checkpointer {
  readonly #training: Training;
  readonly #files: RunFiles;
  readonly #clock: Clock;
  readonly #on: (event: TrainEvent) => void;
  #savedAt: number;
  #failedAt = 0;
  #failures = 0;

  constructor(training: Training, files: RunFiles, clock: Clock, on: (event: TrainEvent) => void) {
    this.#training = training;
    this.#files = files;
    this.#clock = clock;
    this.#on = on;
    this.#savedAt = clock.monotonic();
  }

  /**
   * Saves where it is due.
   * @returns the checkpoint, where it saved one
   * @throws the error where the last one cannot be saved, RunError after too many failures in a row
   */
  async save(occasion: SaveReason): Promise<Checkpoint | undefined> {
    if (!this.#due(occasion)) return undefined;
    const { update, envSteps } = this.#training;
    return await this.#training.during('checkpoint', async () => {
      const checkpoint = await this.#training.checkpoint();
      const onSaved = (path: string) => this.#on({ type: 'checkpointed', update, envSteps, path });
      return (await this.#write(checkpoint, occasion.last, onSaved)) ? checkpoint : undefined;
    });
  }

  /**
   * Replaces the checkpoint of an update by one with its evaluation. If that fails, the checkpoint keeps saying that the
   * evaluation is due.
   * @throws RunError after too many failed saves in a row
   */
  async amend(checkpoint: Checkpoint): Promise<void> {
    const amended = this.#training.amended(checkpoint);
    await this.#training.during('checkpoint', () => this.#write(amended, false));
  }

  #due({ wanted, last }: SaveReason): boolean {
    const { everyUpdates, everySeconds } = this.#settings;
    const passed = (since: number, seconds: number) =>
      this.#clock.monotonic() - since >= 1000 * seconds;
    if (last) return true;
    if (this.#failures > 0) return passed(this.#failedAt, RETRY_SECONDS);
    const { update } = this.#training;
    return wanted || update % everyUpdates === 0 || passed(this.#savedAt, everySeconds);
  }

  /** Writes a checkpoint; returns whether it succeeded. */
  async #write(
    checkpoint: Checkpoint,
    last: boolean,
    onSaved: (path: string) => void = () => {},
  ): Promise<boolean> {
    let saved = false;
    try {
      const path = await this.#files.save(checkpoint);
      saved = true;
      onSaved(path);
      await this.#files.tidy(this.#training.best?.envSteps, this.#settings);
      this.#failures = 0;
      this.#savedAt = this.#clock.monotonic();
    } catch (error) {
      // Another save would fail in the same way.
      if (error instanceof RunError) throw error;
      this.#failed(error as Error, last);
    }
    return saved;
  }

  #failed(error: Error, last: boolean): void {
    const { update, envSteps } = this.#training;
    const reason = error.message;
    this.#failures++;
    this.#failedAt = this.#clock.monotonic();
    this.#on({ type: 'save-failed', update, envSteps, reason, consecutive: this.#failures });
    if (last) throw error;
    if (this.#failures >= this.#settings.failures) {
      throw new RunError(
        `could not save a checkpoint ${this.#failures} times in a row (checkpoint.failures): ${reason}`,
        { cause: error },
      );
    }
  }

  get #settings() {
    return this.#training.agent.config.checkpoint;
  }
}
