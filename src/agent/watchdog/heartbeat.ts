import { PHASES, type Phase } from '../../rollout/index.ts';
import { SLOTS } from './slots.ts';

/**
 * Signs of life of the training thread, in memory that another thread reads: it beats whenever what it does
 * changes, and by a timer whenever it gets a turn.
 */
export class Heartbeat {
  readonly shared = new SharedArrayBuffer(8 * Object.keys(SLOTS).length);
  /** The environment that is being called, for who calls them to keep; -1 for none [1]. */
  readonly calling = new Float64Array(this.shared, 8 * SLOTS.env, 1).fill(-1);
  readonly #slots = new Float64Array(this.shared);

  constructor() {
    this.#slots[SLOTS.phase] = -1;
  }

  /** It lives, and is about to do this, where that is another thing. */
  beat(phase?: Phase): void {
    this.#slots[SLOTS.beats]++;
    if (phase !== undefined) this.#slots[SLOTS.phase] = PHASES.indexOf(phase);
  }

  /** How far training had come, the last time. */
  get reached(): { update: number; steps: number } {
    return { update: this.#slots[SLOTS.update], steps: this.#slots[SLOTS.steps] };
  }

  /** How far training has come. */
  reach({ update, steps }: { update: number; steps: number }): void {
    this.#slots[SLOTS.update] = update;
    this.#slots[SLOTS.steps] = steps;
  }
}
