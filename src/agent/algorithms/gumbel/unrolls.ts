import * as tf from '@tensorflow/tfjs-core';
import { numbersOf, takeRows } from '../../../kernels/ops/index.ts';
import type { Policy, Thought } from '../../../policy/index.ts';
import { GOES_ON, TERMINATED, type Trajectory } from '../../../rollout/index.ts';
import { givenOf } from '../layout.ts';
import { learnedReward, type RewardFactors } from '../learned-reward.ts';

/** What a rollout's decisions are to teach a model. */
export interface ModelTargets {
  /** Returns of decisions [T]. */
  returns: Float32Array;
  /** Readouts after their last ponder step [T, D]. */
  readouts: Float32Array;
  /** The factors on their rewards. */
  factors: RewardFactors;
}

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

/** What came after the chosen decisions. @param chosen indices of decisions [B] @param length actions (K) */
export function unrollsOf(
  trajectory: Trajectory,
  { returns, readouts, factors }: ModelTargets,
  chosen: Int32Array,
  length: number,
): Unrolls {
  const { next, ended, turned, actions, improved, count, sizes } = trajectory;
  /** The decision of each action and the one that followed, −1 where there is none [K·B]. */
  const at = new Int32Array(length * chosen.length);
  const after = new Int32Array(at.length);
  let present = chosen;
  for (let k = 0; k < length; k++) {
    at.set(present, k * chosen.length);
    present = present.map((t) => (t >= 0 && ended[t] === GOES_ON ? next[t] : -1));
    after.set(present, k * chosen.length);
  }
  const numbers = (of: Int32Array, number: (t: number) => number) =>
    Float32Array.from(of, (t) => (t < 0 ? 0 : number(t)));
  const rows = (of: Int32Array, data: Float32Array, size: number) => {
    const found = new Float32Array(of.length * size);
    of.forEach((t, i) => {
      if (t >= 0) found.set(data.subarray(t * size, (t + 1) * size), i * size);
    });
    return found;
  };
  return {
    length,
    actions: rows(at, actions, sizes.actionSize),
    taken: numbers(at, () => 1),
    rewards: numbers(at, (t) => learnedReward(trajectory, t, factors)),
    turns: numbers(at, (t) => (ended[t] === TERMINATED ? 0 : turned[t] === 1 ? -1 : 1)),
    followed: numbers(after, () => 1),
    improved: rows(after, improved, sizes.improvedSize!),
    returns: numbers(after, (t) => returns[t]),
    readouts: rows(after, readouts, readouts.length / count),
  };
}

/** The thoughts about some observations after all ponder steps, and their readouts after each [depth·B, 1, D]. */
export function thoughtsOf(
  policy: Policy,
  seen: ReturnType<Trajectory['seenAt']>,
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

/** Readouts after the last ponder step of all decisions of a rollout [T, D]. @param batch decisions at a time */
export async function lastReadouts(
  policy: Policy,
  trajectory: Trajectory,
  depth: number,
  batch: number,
): Promise<Float32Array> {
  const { count } = trajectory;
  const last = (begin: number) => {
    const length = Math.min(batch, count - begin);
    const seen = trajectory.seenAt(Int32Array.from({ length }, (_, i) => begin + i));
    const { readouts } = thoughtsOf(policy, seen, length, depth);
    return takeRows(readouts, (depth - 1) * length, length);
  };
  const parts = Array.from({ length: Math.ceil(count / batch) }, (_, i) =>
    tf.tidy(() => last(i * batch)),
  );
  const all = tf.concat(parts, 0);
  const numbers = Float32Array.from(await numbersOf(all));
  tf.dispose([parts, all]);
  return numbers;
}
