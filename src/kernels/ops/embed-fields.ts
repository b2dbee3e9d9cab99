import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { embed } from './embed.ts';
import { differentiable, hasKernel, runKernel } from './fused.ts';

/** Names of the fused kernels, where a backend has them. */
export const FIELDS = 'PonderaFields';
export const FIELDS_GRAD = 'PonderaFieldsGrad';

/**
 * Looks each field of a row up in a table of its own, and joins the results. Fields may share a table.
 *
 * @param ids whole numbers as float32 [N, F], field f in 0..V_f−1. The caller checks that
 * @param tables F tables, [V_f, E_f] each
 * @returns [N, Σ E_f]
 * @throws RangeError for another number of tables than fields
 */
export function embedFields(ids: tf.Tensor2D, tables: readonly tf.Tensor[]): tf.Tensor2D {
  assertShape('embedFields', 'ids', ids, [null, tables.length]);
  return hasKernel(FIELDS) ? fused(ids, tables) : composite(ids, tables);
}

function composite(ids: tf.Tensor2D, tables: readonly tf.Tensor[]): tf.Tensor2D {
  return tf.tidy(() => {
    const columns = tf.unstack(ids, 1);
    const parts = tables.map((table, f) => embed(tf.cast(columns[f], 'int32'), table));
    return (parts.length === 1 ? parts[0] : tf.concat(parts, 1)) as tf.Tensor2D;
  });
}

function fused(ids: tf.Tensor2D, tables: readonly tf.Tensor[]): tf.Tensor2D {
  const named = Object.fromEntries(tables.map((table, f) => [`table${f}`, table]));
  return differentiable(
    named,
    (inputs, taped) => {
      const found = runKernel<tf.Tensor>(FIELDS, { ids, ...inputs });
      return taped ? [found, ids] : found;
    },
    (dy, inputs, [ids]) => runKernel(FIELDS_GRAD, { ids, dy, ...inputs }),
  ) as tf.Tensor2D;
}
