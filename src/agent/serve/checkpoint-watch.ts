import { every, type Timer } from '../../envs/common/index.ts';
import { type Checkpoint, type CheckpointStore, loadCheckpoint } from '../run/index.ts';

/** Which of a run's checkpoints. */
export type Which = 'best' | 'latest';

/**
 * Looks now and then whether a run has a newer checkpoint. One that cannot be used is told of, once, and
 * passed over until it or another can.
 */
export class CheckpointWatch {
  readonly #store: CheckpointStore;
  readonly #which: Which | undefined;
  readonly #take: (checkpoint: Checkpoint) => void;
  readonly #skipped: (error: Error) => void;
  #version: number;
  /** The checkpoint that needs no second look. */
  #seen: string | undefined;
  #complaint: string | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;

  /**
   * @param version of the checkpoint in use: older ones are not looked for
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

  /** @returns once nothing more is taken */
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
