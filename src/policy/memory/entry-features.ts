import type { ActionPart, Space } from '../../envs/index.ts';
import { partsOf } from '../../envs/spaces/index.ts';
import { actionFeatures } from '../distributions/action-features.ts';
import type { MemoryEntry } from './memory-entry.ts';
import type { MemorySizes } from './memory-sizes.ts';

/** Pairs of sine and cosine that say how old an entry is. */
const WAVES = 8;
/** The radians of the fastest wave from one entry to the next. */
const FASTEST = 1.5;
/** Ages whose waves are kept: learning writes each entry several times. */
const KEPT_AGES = 4096;

/** The numbers by which a policy sees an entry beside its observation. */
export interface EntryFeatures {
  /** Numbers of an entry (F). */
  readonly size: number;
  /** Writes the numbers of an entry at `offset`, where zeros are. */
  write(entry: MemoryEntry, features: Float32Array, offset: number): void;
}

/**
 * The action before an entry as a part of an action sees those before it, sign(r)·ln(1 + |r|) of the reward, 1 where the
 * episode begins, and its age as waves (Vaswani et al. 2017, arXiv 1706.03762, 3.5), whose differences say how far apart
 * two entries are.
 * Where entries hold observations only, action and reward are left out.
 * @param sizes of the memory: the slowest wave turns by one radian over `length` entries
 */
export function entryFeatures(
  actionSpace: Space,
  { length, observationsOnly = false }: Pick<MemorySizes, 'length' | 'observationsOnly'>,
): EntryFeatures {
  const parts = (observationsOnly ? [] : partsOf(actionSpace)).map((part: ActionPart) => ({
    rows: part.space.size,
    features: actionFeatures(part),
  }));
  const ofActions = parts.reduce((sum, { features }) => sum + features.size, 0);
  const speeds = Array.from(
    { length: WAVES },
    (_, i) => FASTEST * (1 / (FASTEST * length)) ** (i / (WAVES - 1)),
  );
  const kept: Float32Array[] = [];
  const wavesOf = (age: number) =>
    Float32Array.from({ length: 2 * WAVES }, (_, i) =>
      (i % 2 === 0 ? Math.sin : Math.cos)(speeds[i >> 1] * age),
    );
  return {
    size: ofActions + (observationsOnly ? 0 : 1) + 1 + 2 * WAVES,
    write({ action, reward, age }, to, offset) {
      let at = offset;
      let from = 0;
      for (const { rows, features } of parts) {
        const begin = at;
        if (action) {
          features.each(action.subarray(from, from + rows), (i, value) => {
            to[begin + i] = value;
          });
        }
        at += features.size;
        from += rows;
      }
      if (!observationsOnly) to[at++] = Math.sign(reward) * Math.log1p(Math.abs(reward));
      to[at++] = age === 0 ? 1 : 0;
      to.set(age < KEPT_AGES ? (kept[age] ??= wavesOf(age)) : wavesOf(age), at);
    },
  };
}
