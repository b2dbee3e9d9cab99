import * as tf from '@tensorflow/tfjs-core';
import { PLACE_ROWS, WRITE_ROWS } from '../../ops/rows.ts';
import { defineKernel, int, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel, simdKernel } from '../runtime/register.ts';

export const rows = defineKernel('rows', {
  args: {
    y: pointer('[n, width]'),
    x: pointer('[·, width]'),
    indices: pointer('int32 [n]'),
    n: int(),
    width: int(),
  },
  split: { by: 'share', over: 'n' },
  work: ({ n, width }) => n * width,
});

/** The gradient of `rows`. One thread runs it, in the order of rows, because several rows add to one row of dx. */
export const rowsGrad = defineKernel('rowsGrad', {
  args: {
    dx: pointer('[size, width]'),
    dy: pointer('[n, width]'),
    indices: pointer('int32 [n]'),
    n: int(),
    width: int(),
    size: int(),
  },
  split: { by: 'once' },
  work: ({ n, width }) => n * width,
});

/** `tf.gather` of float32 rows, its gradient (sums of rows by index), `placeRows` and `writeRows`. */
export function register(): void {
  const cpuGather = simdKernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(tf.GatherV2);
  registerSimdKernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(tf.GatherV2, (args) => {
    const { inputs, attrs, backend } = args;
    const { x, indices } = inputs;
    const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
    if (axis !== 0 || attrs.batchDims !== 0 || x.dtype !== 'float32' || indices.dtype !== 'int32') {
      return cpuGather(args);
    }
    const count = x.shape[0];
    for (const row of backend.values(indices)) {
      if (row < 0 || row >= count) {
        throw new RangeError(`gather: index must be in 0..${count - 1}, got ${row}`);
      }
    }
    const out = backend.output([...indices.shape, ...x.shape.slice(1)]);
    backend.pool.run(rows, {
      y: out.address,
      x: backend.address(x),
      indices: backend.address(indices, 'int32'),
      n: tf.util.sizeFromShape(indices.shape),
      width: tf.util.sizeFromShape(x.shape.slice(1)),
    });
    return out;
  });

  const cpuSum = simdKernel<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(
    tf.UnsortedSegmentSum,
  );
  registerSimdKernel<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(
    tf.UnsortedSegmentSum,
    (args) => {
      const { x, segmentIds } = args.inputs;
      const { backend } = args;
      const segments = args.attrs.numSegments;
      const ids = backend.values(segmentIds);
      const inRange = ids.every((id) => id >= 0 && id < segments);
      if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32' || !inRange) return cpuSum(args);
      const out = backend.output([segments, ...x.shape.slice(1)]);
      backend.pool.run(rowsGrad, {
        dx: out.address,
        dy: backend.address(x),
        indices: backend.address(segmentIds, 'int32'),
        n: ids.length,
        width: tf.util.sizeFromShape(x.shape.slice(1)),
        size: segments,
      });
      return out;
    },
  );

  registerSimdKernel<Record<'x' | 'more', tf.TensorInfo>, { from: Int32Array }>(
    PLACE_ROWS,
    ({ inputs: { x, more }, attrs: { from }, backend }) => {
      const [count, ...shape] = x.shape;
      const all = count + (more ? more.shape[0] : 0);
      const outside = from.find((row) => row < 0 || row >= all);
      if (outside !== undefined) {
        throw new RangeError(`placeRows: rows must be in 0..${all - 1}, got ${outside}`);
      }
      const inPlace = from.length === count && from.every((row, i) => row === i || row >= count);
      const out = inPlace ? undefined : backend.output([from.length, ...shape]);
      const width = tf.util.sizeFromShape(shape);
      // `copyWithin` of one array is the fastest copy in shared memory.
      const floats = new Float32Array(backend.arena.memory.buffer);
      const at = backend.address(x) / 4;
      const to = out ? out.address / 4 : at;
      const added = more ? backend.address(more) / 4 - count * width : 0;
      for (let i = 0; i < from.length; i++) {
        const row = from[i];
        if (inPlace && row === i) continue;
        const source = (row < count ? at : added) + row * width;
        floats.copyWithin(to + i * width, source, source + width);
      }
      return out ?? backend.share(x, x.shape);
    },
  );

  registerSimdKernel<Record<'table' | 'rows', tf.TensorInfo>, { at: Int32Array }>(
    WRITE_ROWS,
    ({ inputs: { table, rows }, attrs: { at }, backend }) => {
      const width = tf.util.sizeFromShape(table.shape.slice(1));
      const floats = new Float32Array(backend.arena.memory.buffer);
      const to = backend.address(table) / 4;
      const from = backend.address(rows) / 4;
      for (const [i, row] of at.entries()) {
        const source = from + i * width;
        floats.copyWithin(to + row * width, source, source + width);
      }
      return backend.share(table, table.shape);
    },
  );
}
