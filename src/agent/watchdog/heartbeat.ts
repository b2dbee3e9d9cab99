import { ACTIVITIES, type Activity, SLOTS } from './slots.ts';

/** The state of the training thread in memory that another thread reads; a timer counts the beats. */
export class Heartbeat {
  readonly shared = new SharedArrayBuffer(8 * Object.keys(SLOTS).length);
  /** The index of the environment that runs at the moment, written by its caller; −1 for none [1]. */
  readonly calling = new Float64Array(this.shared, 8 * SLOTS.env, 1).fill(-1);
  readonly #slots = new Float64Array(this.shared);

  /** Counts a beat. */
  beat(): void {
    this.#slots[SLOTS.beats]++;
  }

  /** Sets the current activity of the training thread. */
  doing(activity: Activity): void {
    this.#slots[SLOTS.activity] = ACTIVITIES.indexOf(activity);
  }

  /** The progress that `advance` set last. */
  get reached(): { update: number; envSteps: number } {
    return { update: this.#slots[SLOTS.update], envSteps: this.#slots[SLOTS.envSteps] };
  }

  /** Sets the progress of training. */
  advance({ update, envSteps }: { update: number; envSteps: number }): void {
    this.#slots[SLOTS.update] = update;
    this.#slots[SLOTS.envSteps] = envSteps;
  }
}
