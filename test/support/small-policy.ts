import * as tf from '@tensorflow/tfjs-core';
import { Box, Discrete } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';
import { type Parameters, Policy, type PolicyOptions } from '../../src/policy/index.ts';

/** A policy small enough to be fast, from [2] numbers to three actions unless told otherwise. */
export function smallPolicy(options: Partial<PolicyOptions> = {}): Policy {
  return new Policy({
    core: 'latent',
    observationSpace: new Box({ shape: [2], low: -Infinity, high: Infinity }),
    actionSpace: new Discrete(3),
    width: 8,
    heads: 2,
    feedForward: 12,
    blocks: 1,
    registers: 0,
    haltBias: -1,
    seed: 1,
    ...options,
  });
}

/** Adds noise to every weight, as training would: heads begin knowing almost nothing. */
export function stir(parameters: Parameters, std = 0.5, seed = 5): void {
  const rng = Rng.seed(seed, 'stir');
  for (const { variable } of parameters.list) {
    const noise = Float32Array.from({ length: variable.size }, () => std * rng.normal());
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(noise, variable.shape))));
  }
}

/** Sets the weight of that name, one number for all entries or one each. */
export function set(parameters: Parameters, name: string, value: number | number[]): void {
  const { variable } = parameters.list.find((v) => v.name === name)!;
  const data = typeof value === 'number' ? new Array(variable.size).fill(value) : value;
  tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
}

/** Rows of random numbers [count, size]. */
export function randomRows(count: number, size: number, seed = 2): Float32Array[] {
  const rng = Rng.seed(seed, 'rows');
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: size }, () => rng.normal()),
  );
}

export function toTensor(rows: readonly ArrayLike<number>[]): tf.Tensor2D {
  const flat = rows.flatMap((row) => Array.from(row));
  return tf.tensor2d(flat, [rows.length, rows[0].length]);
}

/** What the heads say after each of `steps` ponder steps, [steps][rows][P + 2]. */
export function unroll(
  policy: Policy,
  rows: readonly ArrayLike<number>[],
  steps: number,
): number[][][] {
  return tf.tidy(() => {
    let thought = policy.begin(toTensor(rows));
    return Array.from({ length: steps }, (_, i) => {
      thought = { ...thought, z: policy.step(thought) };
      return policy.outputs(thought.z, i + 1).arraySync();
    });
  });
}

/** The largest difference between two nested arrays of numbers of the same form. */
export function distance(a: unknown, b: unknown): number {
  const x = [a].flat(Infinity as 1) as number[];
  const y = [b].flat(Infinity as 1) as number[];
  if (x.length !== y.length) return Infinity;
  return x.reduce((most, value, i) => {
    const difference = Math.abs(value - y[i]);
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
}
