import type * as tf from '@tensorflow/tfjs-core';
import { ATTENTION, ATTENTION_GRAD } from '../../ops/fused.ts';
import { LANES, Op, registerSimdKernel } from '../runtime/kernel.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';

type Inputs = Record<'q' | 'k' | 'v', tf.TensorInfo>;

interface Attrs {
  heads: number;
}

/** `attention` and its gradients. */
export function registerAttention(): void {
  registerSimdKernel<Inputs & { bias?: tf.TensorInfo }, Attrs>(
    ATTENTION,
    ({ inputs, attrs: { heads }, backend }) => {
      const { q, k, v, bias } = inputs;
      const [batch, queries, width] = q.shape;
      const keys = k.shape[1];
      const y = backend.output([batch, queries, width]);
      const probs = backend.output([batch, heads, queries, keys]);
      backend.pool.run(Op.attention, 2 * batch * queries * keys * width, [
        ...[y.address, probs.address, ...addresses(backend, q, k, v)],
        ...[bias ? backend.address(bias) : 0, batch, queries, keys, heads, width],
      ]);
      return [y, probs];
    },
  );

  registerSimdKernel<Inputs & Record<'dy' | 'probs', tf.TensorInfo>, Attrs & { bias: boolean }>(
    ATTENTION_GRAD,
    ({ inputs, attrs: { heads, bias }, backend }) => {
      const { dy, probs, q, k, v } = inputs;
      const [batch, queries, width] = q.shape;
      const keys = k.shape[1];
      const [dq, dk, dv] = [q, k, v].map(({ shape }) => backend.output(shape));
      const scores = heads * queries * keys;
      const lanes = bias ? backend.arena.allocate(4 * LANES * scores) : 0;
      backend.pool.run(Op.attentionGrad, 4 * batch * queries * keys * width, [
        ...[dq.address, dk.address, dv.address, lanes],
        ...[...addresses(backend, dy, probs, q, k, v), batch, queries, keys, heads, width, 0],
      ]);
      if (!bias) return [dq, dk, dv];
      const dBias = backend.output([heads, queries, keys]);
      backend.pool.run(Op.laneSum, scores, [dBias.address, lanes, scores, 0]);
      backend.arena.free(lanes);
      return [dq, dk, dv, dBias];
    },
  );
}

const addresses = (backend: SimdBackend, ...tensors: tf.TensorInfo[]) =>
  tensors.map((tensor) => backend.address(tensor));
