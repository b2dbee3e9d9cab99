import type * as tf from '@tensorflow/tfjs-core';
import { FIELDS, FIELDS_GRAD } from '../../ops/fused.ts';
import { Op, registerSimdKernel } from '../runtime/kernel.ts';

type Inputs = Record<string, tf.TensorInfo>;

/** `embedFields` and its gradients. */
export function registerFields(): void {
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
      const size = table.shape[1];
      const words = [backend.address(ids) + 4 * f, 4 * fields, backend.address(table), n, size];
      backend.pool.run(Op.field, n * size, [y, 4 * width, ...words]);
      y += 4 * size;
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
      const words = [backend.address(ids) + 4 * f, 4 * fields, n, shape[1]];
      // One thread does it all, in the order of rows.
      backend.pool.run(Op.fieldGrad, 0, [out.address, from, 4 * width, ...words]);
      from += 4 * shape[1];
      return out;
    });
  });
}
