import { every, type Timer } from '../../envs/common/index.ts';
import { type Checkpoint, type CheckpointStore, loadCheckpoint } from '../run/index.ts';

/** The best checkpoint of a run, or its latest. */
export type Which = 'best' | 'latest';

/**
 * Looks periodically for a newer checkpoint of a run. It reports a checkpoint that it cannot use once, and waits for it
 * or another to become usable.
 */
export class CheckpointWatch {
  readonly #store: CheckpointStore;
  readonly #which: Which | undefined;
  readonly #take: (checkpoint: Checkpoint) => void;
  readonly #skipped: (error: Error) => void;
  #version: number;
  /** The last checkpoint that it has tried. */
  #seen: string | undefined;
  #complaint: string | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;

  /**
   * @param version of the checkpoint in use: it ignores older ones
   * @param take uses a checkpoint, or throws where it cannot
   */
  constructor(
    store: CheckpointStore,
    which: Which | undefined,
    version: number,
    take: (checkpoint: Checkpoint) => void,
    skipped: (error: Error) => void,
  ) {
    this.#store = store;
    this.#which = which;
    this.#version = version;
    this.#take = take;
    this.#skipped = skipped;
  }

  start(seconds: number): void {
    this.#timer = every(1000 * seconds, () => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    });
  }

  /** Stops looking; resolves once `take` is not running. */
  async stop(): Promise<void> {
    this.#timer?.stop();
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const path = await current(this.#store, this.#which);
      if (path === undefined || path === this.#seen) return;
      const checkpoint = await loadCheckpoint(path);
      if (checkpoint.step > this.#version) {
        this.#take(checkpoint);
        this.#version = checkpoint.step;
      }
      this.#seen = path;
      this.#complaint = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#complaint) this.#skipped(error as Error);
      this.#complaint = message;
    }
  }
}

async function current(store: CheckpointStore, which: Which | undefined) {
  if (which === 'latest') return store.latest();
  return (await store.best()) ?? (which === 'best' ? undefined : store.latest());
}
