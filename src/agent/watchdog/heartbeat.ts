import { ACTIVITIES, type Activity, SLOTS } from './slots.ts';

/** Signs of life of the training thread, in memory that another thread reads: it beats by a timer. */
export class Heartbeat {
  readonly shared = new SharedArrayBuffer(8 * Object.keys(SLOTS).length);
  /** The environment that is being called, for who calls them to keep; -1 for none [1]. */
  readonly calling = new Float64Array(this.shared, 8 * SLOTS.env, 1).fill(-1);
  readonly #slots = new Float64Array(this.shared);

  /** It lives. */
  beat(): void {
    this.#slots[SLOTS.beats]++;
  }

  /** What the training thread does from now on. */
  doing(activity: Activity): void {
    this.#slots[SLOTS.activity] = ACTIVITIES.indexOf(activity);
  }

  /** How far training had come, the last time. */
  get reached(): { update: number; envSteps: number } {
    return { update: this.#slots[SLOTS.update], envSteps: this.#slots[SLOTS.envSteps] };
  }

  /** How far training has come. */
  reach({ update, envSteps }: { update: number; envSteps: number }): void {
    this.#slots[SLOTS.update] = update;
    this.#slots[SLOTS.envSteps] = envSteps;
  }
}
