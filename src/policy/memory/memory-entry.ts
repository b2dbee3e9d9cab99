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

/**
 * Adds the entries of a decision to those of its episode, in place: of the observations that came since the decision before, the
 * first follows its action and has its reward.
 * @param rows flat observations, the decision's own last
 * @param before the decision before, with its raw reward; undefined where the episode begins
 */
export function addEntries(
  entries: MemoryEntry[],
  rows: readonly Row[],
  before: { action: Float32Array; reward: number } | undefined,
): void {
  let { action, reward } = before ?? { action: undefined, reward: 0 };
  for (const row of rows) {
    const age = (entries.at(-1)?.age ?? -1) + 1;
    entries.push({ row, action, reward, age });
    [action, reward] = [undefined, 0];
  }
}

/** The past of a decision: the first `end` entries of a list, the last of them its own observation. */
export interface Past {
  /** Entries of one episode in order; the oldest may be gone. */
  readonly entries: readonly MemoryEntry[];
  readonly end: number;
  /** Whose past it is: what is computed of entries is kept for the next one of the same; without it, nothing is kept. */
  readonly of?: object;
}
