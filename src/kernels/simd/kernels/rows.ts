import * as tf from '@tensorflow/tfjs-core';
import { PLACE_ROWS } from '../../ops/fused.ts';
import { Op, registerSimdKernel, simdKernel } from '../runtime/kernel.ts';

/** Gathering rows of float32, and its gradient: adding rows up by their indices. */
export function registerRows(): void {
  const cpuGather = simdKernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(tf.GatherV2);
  registerSimdKernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(tf.GatherV2, (args) => {
    const { inputs, attrs, backend } = args;
    const { x, indices } = inputs;
    const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
    if (axis !== 0 || attrs.batchDims !== 0 || x.dtype !== 'float32' || indices.dtype !== 'int32') {
      return cpuGather(args);
    }
    const rows = x.shape[0];
    for (const row of backend.values(indices)) {
      if (row < 0 || row >= rows) {
        throw new RangeError(`gather: index must be in 0..${rows - 1}, got ${row}`);
      }
    }
    const out = backend.output([...indices.shape, ...x.shape.slice(1)]);
    const count = tf.util.sizeFromShape(indices.shape);
    const width = tf.util.sizeFromShape(x.shape.slice(1));
    const [xAddress, indexAddress] = [backend.address(x), backend.address(indices, 'int32')];
    backend.pool.run(Op.rows, count * width, [out.address, xAddress, indexAddress, count, width]);
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
      const width = tf.util.sizeFromShape(x.shape.slice(1));
      const [xAddress, idAddress] = [backend.address(x), backend.address(segmentIds, 'int32')];
      // One thread does it all, in the order of rows.
      backend.pool.run(Op.embedGrad, 0, [
        ...[out.address, xAddress, idAddress, ids.length, width, segments],
      ]);
      return out;
    },
  );

  registerSimdKernel<Record<'x' | 'more', tf.TensorInfo>, { from: Int32Array }>(
    PLACE_ROWS,
    ({ inputs: { x, more }, attrs: { from }, backend }) => {
      const [rows, ...shape] = x.shape;
      const all = rows + (more ? more.shape[0] : 0);
      const outside = from.find((row) => row < 0 || row >= all);
      if (outside !== undefined) {
        throw new RangeError(`placeRows: rows must be in 0..${all - 1}, got ${outside}`);
      }
      const inPlace = from.length === rows && from.every((row, i) => row === i || row >= rows);
      const out = inPlace ? undefined : backend.output([from.length, ...shape]);
      const width = tf.util.sizeFromShape(shape);
      // Within one array, since that is the quickest copy there is in shared memory.
      const floats = new Float32Array(backend.arena.memory.buffer);
      const at = backend.address(x) / 4;
      const to = out ? out.address / 4 : at;
      const added = more ? backend.address(more) / 4 - rows * width : 0;
      for (let i = 0; i < from.length; i++) {
        const row = from[i];
        if (inPlace && row === i) continue;
        const source = (row < rows ? at : added) + row * width;
        floats.copyWithin(to + i * width, source, source + width);
      }
      return out ?? backend.share(x, x.shape);
    },
  );
}
