import type * as tf from '@tensorflow/tfjs-core';
import type { Row } from '../../envs/index.ts';
import { tensorOf } from '../../kernels/ops/index.ts';
import { type Given, type Past, type Policy, packPasts, pastOf } from '../../policy/index.ts';

/**
 * The rows of observations, of which there is at least one, as a tensor [N, observation size].
 * @internal
 */
export function rowsOf(observations: readonly { row: Row }[]): tf.Tensor2D {
  const size = observations[0].row.length;
  const rows = new Float32Array(observations.length * size);
  observations.forEach(({ row }, i) => {
    rows.set(row, i * size);
  });
  return tensorOf(rows, [observations.length, size]) as tf.Tensor2D;
}

/**
 * What a policy thinks about in observations, of which there is at least one: their rows, or, where it has a memory, all entries
 * that they depend on.
 * @internal
 */
export function givenBy(
  { entries }: Policy,
  observations: readonly { row: Row; past?: Past }[],
): Given {
  if (entries === undefined) return rowsOf(observations);
  return packPasts(observations.map(pastOf), entries.features, entries.sizes);
}
