import type { Config } from '../config/config.ts';
import type { Overrun, UpdateMetrics } from '../events/events.ts';

/** The number of first updates of a session in which the count of tensors settles. */
const FIRST = 20;
const MIB = 1_048_576;

/** Compares the resources of a session with the config's budget. */
export class Budget {
  readonly #limits: Config['budget'];
  #updates = 0;
  /** The most tensors after any of the first updates. */
  #level = 0;

  constructor(limits: Config['budget']) {
    this.#limits = limits;
  }

  /** Updates of this session. */
  get updates(): number {
    return this.#updates;
  }

  /** The resource that is over budget after an update, if one is. */
  judge({ rssBytes, heapBytes, tensors }: UpdateMetrics['timing']): Overrun | undefined {
    const { rssMiB = Infinity, heapMiB = Infinity, tensorGrowth = Infinity } = this.#limits;
    if (this.#updates++ < FIRST) this.#level = Math.max(this.#level, tensors);
    const found: Overrun[] = [
      { what: 'rssBytes', limit: rssMiB * MIB, got: rssBytes },
      { what: 'heapBytes', limit: heapMiB * MIB, got: heapBytes },
      { what: 'tensors', limit: this.#level + tensorGrowth, got: tensors },
    ];
    return found.find(({ limit, got }) => got > limit);
  }
}
