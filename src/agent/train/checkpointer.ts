import type { Clock } from '../common/clock.ts';
import { RunError } from '../common/errors.ts';
import type { TrainEvent } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

/** Until a save that failed is tried again. */
const RETRY_SECONDS = 60;

/** What speaks for a checkpoint after an update. */
export interface SaveReason {
  /** It is wanted whether or not it is due. */
  wanted: boolean;
  /** No update comes after it. */
  last: boolean;
}

/**
 * Saves checkpoints when they are due, by updates and by time, and goes on where one cannot be saved: everything
 * saved before stays as it is, and it is tried again after a minute.
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
   * @returns what it saved, where it did
   * @throws the error where the last cannot be saved, RunError after too many in a row that could not
   */
  async save(occasion: SaveReason): Promise<Checkpoint | undefined> {
    if (!this.#due(occasion)) return undefined;
    const { update, envSteps } = this.#training;
    return await this.#training.during('checkpoint', async () => {
      const checkpoint = await this.#training.checkpoint();
      const told = (path: string) => this.#on({ type: 'checkpointed', update, envSteps, path });
      return (await this.#write(checkpoint, occasion.last, told)) ? checkpoint : undefined;
    });
  }

  /**
   * Saves the checkpoint of an update once more, in its place, with what its evaluation has come to; where it cannot
   * be, it goes on saying that it is to be evaluated.
   * @throws RunError after too many saves in a row that could not be made
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

  /** @returns whether it could be written */
  async #write(
    checkpoint: Checkpoint,
    last: boolean,
    told: (path: string) => void = () => {},
  ): Promise<boolean> {
    let saved = false;
    try {
      const path = await this.#files.save(checkpoint);
      saved = true;
      told(path);
      await this.#files.tidy(this.#training.best?.steps, this.#settings);
      this.#failures = 0;
      this.#savedAt = this.#clock.monotonic();
    } catch (error) {
      // What is not a save's own fault is none that another can make good.
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
        `${this.#failures} saves in a row failed (checkpoint.failures): ${reason}`,
        { cause: error },
      );
    }
  }

  get #settings() {
    return this.#training.agent.config.checkpoint;
  }
}
