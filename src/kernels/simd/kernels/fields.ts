import type * as tf from '@tensorflow/tfjs-core';
import { FIELDS, FIELDS_GRAD } from '../../ops/embed-fields.ts';
import { defineKernel, int, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel } from '../runtime/register.ts';

/** Looks up one field in its table. Steps are in bytes, from row to row. */
export const field = defineKernel('field', {
  args: {
    y: pointer('n rows of width'),
    yStep: int(),
    ids: pointer('n whole numbers as float32'),
    idStep: int(),
    table: pointer('[·, width]'),
    n: int(),
    width: int(),
  },
  split: { by: 'share', over: 'n' },
  work: ({ n, width }) => n * width,
});

/** The gradient of `field`. One thread runs it, in the order of rows, because several rows add to one row of dtable. */
export const fieldGrad = defineKernel('fieldGrad', {
  args: {
    dtable: pointer('[·, width], added to'),
    dy: pointer('n rows of width'),
    dyStep: int(),
    ids: pointer('n whole numbers as float32'),
    idStep: int(),
    n: int(),
    width: int(),
  },
  split: { by: 'once' },
  work: ({ n, width }) => n * width,
});

type Inputs = Record<string, tf.TensorInfo>;

/** `embedFields` and its gradients. */
export function register(): void {
  registerSimdKernel<Inputs, object>(FIELDS, ({ inputs: { ids, ...tables }, backend }) => {
    const list = Object.values(tables);
    const [n, fields] = ids.shape;
    const values = backend.values(ids);
    list.forEach(({ shape: [rows] }, f) => {
      for (let i = f; i < values.length; i += fields) {
        if (values[i] >= 0 && values[i] < rows) continue;
        throw new RangeError(
          `embedFields: ids of field ${f} must be in 0..${rows - 1}, got ${values[i]}`,
        );
      }
    });
    const width = list.reduce((sum, { shape }) => sum + shape[1], 0);
    const out = backend.output([n, width]);
    let y = out.address;
    list.forEach((table, f) => {
      backend.pool.run(field, {
        y,
        yStep: 4 * width,
        ids: backend.address(ids) + 4 * f,
        idStep: 4 * fields,
        table: backend.address(table),
        n,
        width: table.shape[1],
      });
      y += 4 * table.shape[1];
    });
    return out;
  });

  registerSimdKernel<Inputs, object>(FIELDS_GRAD, ({ inputs, backend }) => {
    const { ids, dy, ...tables } = inputs;
    const [n, fields] = ids.shape;
    const [, width] = dy.shape;
    let from = backend.address(dy);
    return Object.values(tables).map(({ shape }, f) => {
      const out = backend.output(shape);
      out.values.fill(0);
      backend.pool.run(fieldGrad, {
        dtable: out.address,
        dy: from,
        dyStep: 4 * width,
        ids: backend.address(ids) + 4 * f,
        idStep: 4 * fields,
        n,
        width: shape[1],
      });
      from += 4 * shape[1];
      return out;
    });
  });
}
