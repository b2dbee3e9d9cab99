import type { Config } from '../config/config.ts';
import type { Overrun, UpdateMetrics } from '../events/events.ts';

/** Updates of a session in which tensors find their level. */
const FIRST = 20;
const MIB = 1_048_576;

/** Holds what a session of a run takes against the config's budget. */
export class Budget {
  readonly #limits: Config['budget'];
  #updates = 0;
  /** The most tensors there were after any of the first updates. */
  #level = 0;

  constructor(limits: Config['budget']) {
    this.#limits = limits;
  }

  /** Updates judged, those of this session. */
  get updates(): number {
    return this.#updates;
  }

  /** What is over budget after an update, if anything is. */
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
