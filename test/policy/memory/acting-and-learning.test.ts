import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import {
  EntryTables,
  EpisodeHistory,
  entriesNeeded,
  type MemorySizes,
  type Past,
  type PolicyOptions,
  packPasts,
} from '../../../src/policy/index.ts';
import { acrossBatches, backends } from '../../support/backends.ts';
import { distance, smallPolicy, stir } from '../../support/small-policy.ts';

const STEPS = 3;

interface Seen {
  past: Past;
  /** What the heads say after each ponder step. */
  outputs: number[][];
}

/**
 * Plays episodes of random lengths in several environments at once, one decision of each in turn: each thought reads the
 * tables that grow from decision to decision.
 */
function played(options: Partial<PolicyOptions> & { memory: MemorySizes }, decisions: number) {
  const policy = smallPolicy(options);
  stir(policy.parameters, 0.3);
  const rng = Rng.seed(3, 'play');
  const tables = new EntryTables(policy.entries!);
  const most = entriesNeeded(options.memory);
  const histories = Array.from({ length: 3 }, () => new EpisodeHistory(most));
  const seen: Seen[] = [];
  const row = () => Float32Array.from({ length: 2 }, () => rng.normal());
  while (seen.length < decisions) {
    const pasts = histories.map((history) => {
      const earlier = Array.from({ length: rng.int(5) === 0 ? 3 : 0 }, row);
      return history.see(row(), earlier);
    });
    const outputs = tf.tidy(() => {
      let thought = policy.begin(tables.admit(pasts), tables.keep);
      return Array.from({ length: STEPS }, (_, k) => {
        thought = { ...thought, z: policy.step(thought) };
        return policy.outputs(thought.z, k + 1).arraySync();
      });
    });
    pasts.forEach((past, i) => {
      tables.release(past);
      seen.push({ past, outputs: outputs.map((rows) => rows[i]) });
    });
    for (const history of histories) {
      history.acted(Float32Array.of(rng.int(3)), rng.normal());
      if (rng.int(12) === 0) history.clear();
    }
  }
  tables.clear();
  return { policy, seen };
}

/** The same thoughts at once, as the learner computes them. */
function learned({ policy, seen }: ReturnType<typeof played>): number[][][] {
  const sizes = policy.entries!.sizes;
  return tf.tidy(() => {
    const packed = packPasts(
      seen.map(({ past }) => past),
      policy.entries!.features,
      sizes,
    );
    const count = seen.length;
    const readouts = policy.think(packed, new Array(STEPS).fill(count));
    const depths = Float32Array.from(
      { length: STEPS * count },
      (_, i) => 1 + Math.floor(i / count),
    );
    const outputs = policy.outputs(readouts, depths).arraySync();
    return seen.map((_, i) => Array.from({ length: STEPS }, (_, k) => outputs[k * count + i]));
  });
}

describe.each(backends('cpu', 'simd'))('a policy with a memory on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it.each([
    ['one entry', { core: 'latent', memory: { length: 1, prelude: 0 } }],
    ['a window that slides', { core: 'latent', memory: { length: 4, prelude: 0 } }],
    ['a prelude of one block', { core: 'latent', memory: { length: 4, prelude: 1 }, blocks: 2 }],
    [
      'a prelude of two blocks',
      { core: 'latent', memory: { length: 3, prelude: 2 }, registers: 2 },
    ],
    ['the core full', { core: 'full', memory: { length: 5, prelude: 1 } }],
    ['a window longer than episodes', { core: 'full', memory: { length: 40, prelude: 1 } }],
  ] as const)('acts as it learns, with %s', (_, options) => {
    const acted = played(options, 90);
    const worst = distance(
      acted.seen.map(({ outputs }) => outputs),
      learned(acted),
    );
    expect(worst).toBeLessThan(acrossBatches(backend));
    acted.policy.dispose();
  });

  it('holds observations alone where it is told so: nothing depends on actions and rewards', () => {
    const differs = (observationsOnly: boolean) => {
      const memory = { length: 4, prelude: 1, observationsOnly };
      const { policy, seen } = played({ memory }, 20);
      const { past, outputs } = seen.findLast(({ past }) => past.end > 3)!;
      const entries = past.entries.map((entry) => ({
        ...entry,
        ...(entry.action && { action: entry.action.map((choice) => 2 - choice), reward: 7 }),
      }));
      const [said] = learned({ policy, seen: [{ past: { ...past, entries }, outputs }] });
      policy.dispose();
      return distance(said, outputs);
    };
    expect(differs(true)).toBeLessThan(acrossBatches(backend));
    expect(differs(false)).toBeGreaterThan(acrossBatches(backend));
  });

  it('depends on no entry that is older than it says', () => {
    const sizes = { length: 3, prelude: 2 };
    const acted = played({ memory: sizes }, 60);
    const { policy, seen } = acted;
    const { past, outputs } = seen.findLast(({ past }) => past.end > entriesNeeded(sizes))!;
    const { entries, end, of } = past;
    const first = end - entriesNeeded(sizes);
    const said = (kept: number) => {
      const changed = entries.map((entry, i) =>
        i < kept ? { ...entry, row: Float32Array.of(9, -9) } : entry,
      );
      return learned({ policy, seen: [{ past: { entries: changed, end, of }, outputs }] })[0];
    };
    expect(distance(said(first), outputs)).toBeLessThan(acrossBatches(backend));
    expect(distance(said(first + 1), outputs)).toBeGreaterThan(acrossBatches(backend));
    policy.dispose();
  });
});
