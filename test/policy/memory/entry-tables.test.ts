import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Ranges } from '../../../src/kernels/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import {
  EntryTables,
  EpisodeHistory,
  entriesNeeded,
  type MemoryEntry,
  type MemorySizes,
  type PackedPasts,
  type Past,
  packPasts,
} from '../../../src/policy/index.ts';

const PRIME = 4093;
/** What a block of the prelude makes of an entry, in integers that float32 holds: every number and distance matters. */
const mixed = (own: number, seen: readonly number[]) =>
  seen.reduce((sum, value, i) => (sum + (seen.length - i) * value) % PRIME, (31 * own) % PRIME);

/** An entry's numbers are its row and features alone, here one of each. */
const features = {
  size: 1,
  write: ({ action, reward, age }: MemoryEntry, to: Float32Array, at: number) => {
    to[at] = (100 * (action?.[0] ?? 7) + 10 * reward + age) % PRIME;
  },
};

/** What the last block makes of each entry of an episode: the definition, in which each entry looks at all before it. */
function defined(episode: readonly MemoryEntry[], { length, prelude }: MemorySizes): number[] {
  let values = episode.map((entry) => {
    const beside = new Float32Array(1);
    features.write(entry, beside, 0);
    return (entry.row[0] + beside[0]) % PRIME;
  });
  for (let block = 0; block < prelude; block++) {
    values = values.map((own, i) => mixed(own, values.slice(Math.max(0, i + 1 - length), i + 1)));
  }
  return values;
}

/** The same of packed entries, by tables as a policy fills them: what each decision attends to, the oldest first. */
function read(
  { rows, features: beside, ranges, own }: PackedPasts,
  { prelude }: MemorySizes,
  keep: (index: number, rows: tf.Tensor) => tf.Tensor,
) {
  const seen = (table: ArrayLike<number>, { begin, end }: Ranges, i: number) =>
    Array.from({ length: end[i] - begin[i] }, (_, j) => table[begin[i] + j]);
  let values = Array.from(rows, (row, i) => (row + beside[i]) % PRIME);
  for (let block = 0; ; block++) {
    const table = tf.tidy(() => keep(block, tf.tensor2d(values, [values.length, 1])).dataSync());
    const attended = values.map((_, i) => seen(table, ranges, i));
    if (block === prelude) return Array.from(own, (i) => attended[i]);
    values = values.map((value, i) => mixed(value, attended[i]));
  }
}

/** A history, the whole episode that it should stand for, and what comes next: see, think, or act. */
interface Played {
  history: EpisodeHistory;
  episode: MemoryEntry[];
  decided: number;
  before: { action: Float32Array; reward: number } | undefined;
  past?: Past;
  live?: { begin: number; end: number; expected: number[] };
}

const cases: MemorySizes[] = [
  { length: 1, prelude: 0 },
  { length: 1, prelude: 2 },
  { length: 2, prelude: 1 },
  { length: 3, prelude: 0 },
  { length: 4, prelude: 2 },
  { length: 7, prelude: 1 },
];

describe.each(cases)('memory of $length entries, $prelude blocks', (sizes) => {
  beforeAll(() => loadBackend('cpu'));

  const most = entriesNeeded(sizes);
  const regionBytes = 4 * (most + sizes.length) * (sizes.prelude + 1);

  it.each([
    ['room for all', 100],
    ['room for three histories', 3],
    ['room for none', 0],
  ])('tables hold what the definition says, whatever happens: %s', (_, regions) => {
    const rng = Rng.seed(9, 'tables', sizes.length, sizes.prelude, regions);
    const tables = new EntryTables({ features, sizes }, regions * regionBytes);
    const number = () => rng.int(100);
    const play = (): Played => ({
      ...{ history: new EpisodeHistory(most), episode: [], decided: 0, before: undefined },
    });
    const all = Array.from({ length: 6 }, play);
    const pasts: { past: Past; expected: number[] }[] = [];
    let mostLive = 0;
    let thoughts = 0;

    const see = (played: Played) => {
      played.episode.length = played.decided;
      const rows = Array.from({ length: rng.int(5) === 0 ? 1 + rng.int(4) : 1 }, () =>
        Float32Array.of(number()),
      );
      let { action, reward } = played.before ?? { action: undefined, reward: 0 };
      for (const row of rows) {
        played.episode.push({ row, action, reward, age: played.episode.length });
        [action, reward] = [undefined, 0];
      }
      played.past = played.history.see(rows.at(-1)!, rows.slice(0, -1));
    };
    const think = (those: Played[]) => {
      const before = tf.memory().numTensors;
      const packed = tables.admit(those.map(({ past }) => past!));
      const attended = read(packed, sizes, tables.keep);
      expect(tf.memory().numTensors).toBeLessThanOrEqual(before + sizes.prelude + 1);
      those.forEach((played, i) => {
        const expected = defined(played.episode, sizes).slice(-sizes.length);
        expect(attended[i]).toEqual(expected);
        const own = packed.own[i];
        const { begin, end } = packed.ranges;
        played.live = { begin: begin[own], end: end[own], expected };
        thoughts++;
      });
    };
    const end = (played: Played) => {
      tables.release(played.past!);
      const { expected } = played.live!;
      played.live = undefined;
      // Sometimes it is seen again without an action, as after a failure.
      if (rng.int(8) === 0) {
        played.past = undefined;
        return;
      }
      pasts.push({ past: played.past!, expected });
      const [action, reward] = [Float32Array.of(rng.int(3)), number()];
      played.history.acted(action, reward);
      played.before = { action, reward };
      played.decided = played.episode.length;
      played.past = undefined;
      if (rng.int(60) === 0) {
        played.history.clear();
        Object.assign(played, { episode: [], decided: 0, before: undefined });
      } else if (rng.int(10) === 0) {
        // As a checkpoint is resumed: another history, whose entries are others with the same numbers.
        const again = new EpisodeHistory(most);
        again.restore(played.history.tensors(), false);
        if (rng.int(2) === 0) tables.drop(played.history);
        played.history = again;
      }
    };

    while (thoughts < 250) {
      const idle = all.filter(({ past }) => past === undefined);
      for (const played of idle) if (rng.int(2) === 0) see(played);
      const ready = all.filter(({ past, live }) => past && !live && rng.int(2) === 0);
      if (ready.length > 0) think(ready);
      const live = all.filter((played) => played.live);
      mostLive = Math.max(mostLive, live.length);
      // Whatever has begun since, what a thought attends to is where it was.
      const table = live.length > 0 ? tables.from(sizes.prelude)[0].dataSync() : [];
      for (const { live: at } of live) {
        expect([...table.slice(at!.begin, at!.end)]).toEqual(at!.expected);
      }
      for (const played of live) if (rng.int(3) === 0) end(played);
    }
    const bytes = tables.from(0).reduce((sum, { size }) => sum + 4 * size, 0);
    expect(bytes).toBeLessThanOrEqual(Math.max(regions, mostLive) * regionBytes);

    // The learner's packing of all of them at once, in any order.
    rng.shuffle(pasts);
    const packed = packPasts(
      pasts.map(({ past }) => past),
      features,
      sizes,
    );
    const attended = read(packed, sizes, (_, rows) => rows);
    expect(attended).toEqual(pasts.map(({ expected }) => expected));
    tables.clear();
  });

  it('an entry that decisions share is packed once', () => {
    const history = new EpisodeHistory(most, 1e6);
    const pasts = Array.from({ length: 50 }, (_, i) => {
      const past = history.see(Float32Array.of(i));
      history.acted(Float32Array.of(0), 1);
      return past;
    });
    const { ranges } = packPasts(pasts.slice(20).reverse(), features, sizes);
    expect(ranges.end.length).toBe(30 + most - 1);
  });
});
