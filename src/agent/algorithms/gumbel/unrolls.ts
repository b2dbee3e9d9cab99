import * as tf from '@tensorflow/tfjs-core';
import { numbersOf, takeRows } from '../../../kernels/ops/index.ts';
import type { Policy, Thought } from '../../../policy/index.ts';
import { givenOf } from '../layout.ts';
import { NOWHERE, type Replay, type View } from './replay.ts';

/**
 * What came after decisions, one action after another for K actions. The rows of an action follow those of the one before, each of them one for
 * each decision [K·B, …]; those of what did not come are 0.
 */
export interface Unrolls {
  /** K. */
  length: number;
  /** Flat actions [K·B, 1]. */
  actions: Float32Array;
  /** 1 where the action was taken. */
  taken: Float32Array;
  /** What it was worth. */
  rewards: Float32Array;
  /** 1 where the episode went on, 0 where it ended, −1 where the other player's turn came. */
  turns: Float32Array;
  /** 1 where a decision followed. */
  followed: Float32Array;
  /** Parameters of its improved distribution [K·B, P]. */
  improved: Float32Array;
  /** Its return. */
  returns: Float32Array;
  /** Its readout [K·B, D]. */
  readouts: Float32Array;
}

/**
 * What came after the chosen decisions, but for readouts, which change as the policy learns: `after` has the decisions that they are of.
 * @param chosen places of decisions [B] @param view how each is looked at [B] @param length actions (K) @param rewardScale what makes the unit of learning
 */
export function unrollsOf(
  replay: Replay,
  chosen: Int32Array,
  view: View,
  length: number,
  rewardScale: number,
): Omit<Unrolls, 'readouts'> & { after: Int32Array } {
  /** The decision of each action and the one that followed [K·B]. */
  const at = new Int32Array(length * chosen.length);
  const after = new Int32Array(at.length);
  let present = chosen;
  for (let k = 0; k < length; k++) {
    at.set(present, k * chosen.length);
    present = replay.after(present);
    after.set(present, k * chosen.length);
  }
  const there = (places: Int32Array) => Float32Array.from(places, (t) => (t === NOWHERE ? 0 : 1));
  const scaled = (numbers: Float32Array) => numbers.map((x) => x * rewardScale);
  return {
    ...{ length, after },
    actions: replay.rows('actions', at, view),
    taken: there(at),
    rewards: scaled(replay.rows('rewards', at)),
    turns: replay.rows('turns', at),
    followed: there(after),
    improved: replay.rows('improved', after, view),
    returns: scaled(replay.rows('returns', after)),
  };
}

/** The thoughts about some observations after all ponder steps, and their readouts after each [depth·B, 1, D]. */
export function thoughtsOf(
  policy: Policy,
  seen: Float32Array,
  decisions: number,
  depth: number,
): { thought: Thought; readouts: tf.Tensor3D } {
  let thought = policy.begin(givenOf(seen, decisions));
  const readouts = Array.from({ length: depth }, () => {
    thought = { ...thought, z: policy.step(thought) };
    return readoutOf(thought);
  });
  return { thought, readouts: tf.concat(readouts, 0) };
}

/** The token of states that the heads read [B, 1, D]. */
export function readoutOf({ z }: Pick<Thought, 'z'>): tf.Tensor3D {
  return tf.slice(z, [0, 0, 0], [-1, 1, -1]);
}

/** Readouts after the last ponder step of some decisions [places, D]; 0 `NOWHERE`. */
export async function lastReadouts(
  policy: Policy,
  replay: Replay,
  places: Int32Array,
  view: View,
  depth: number,
): Promise<Float32Array> {
  const { length: B } = places;
  const last = tf.tidy(() => {
    const { readouts } = thoughtsOf(policy, replay.rows('observations', places, view), B, depth);
    const there = tf.tensor(
      Array.from(places, (t) => (t === NOWHERE ? 0 : 1)),
      [B, 1, 1],
    );
    return tf.mul(takeRows(readouts, (depth - 1) * B, B), there);
  });
  const numbers = Float32Array.from(await numbersOf(last));
  last.dispose();
  return numbers;
}
