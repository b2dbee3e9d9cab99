import type { Row } from '../../envs/index.ts';

/** What a memory holds of one moment of an episode: what was seen, and what had led to it. */
export interface MemoryEntry {
  /** The flat observation [space.size], normalized as it was at that time. */
  readonly row: Row;
  /** The flat action before it [actionSize]; undefined where there was none. */
  readonly action: Float32Array | undefined;
  /** The raw reward before it. */
  readonly reward: number;
  /** The number of entries before it in its episode. */
  readonly age: number;
}

/** The past of a decision: the first `end` entries of a list, the last of them its own observation. */
export interface Past {
  /** Entries of one episode in order; the oldest may be gone. */
  readonly entries: readonly MemoryEntry[];
  readonly end: number;
  /** Whose past it is: what is computed of entries is kept for the next one of the same; without it, nothing is kept. */
  readonly of?: object;
}
