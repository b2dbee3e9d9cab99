import type * as tf from '@tensorflow/tfjs-core';
import { ATTENTION, ATTENTION_GRAD } from '../../ops/attention-fused.ts';
import { LANES } from '../runtime/constants.ts';
import { defineKernel, flag, int, optional, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel } from '../runtime/register.ts';
import { laneSum } from './lane-sum.ts';

export const attention = defineKernel('attention', {
  args: {
    y: pointer('[B, R, D]'),
    probs: pointer('[B, H, R, S]'),
    q: pointer('[B, R, D]'),
    k: pointer('[B, S, D]'),
    v: pointer('[B, S, D]'),
    bias: optional('[H, R, S]'),
    mask: optional('[B, S]'),
    B: int(),
    R: int('queries'),
    S: int('keys'),
    H: int('heads'),
    D: int('width of all heads'),
  },
  split: { by: 'share', over: 'B' },
  work: ({ B, R, S, D }) => 2 * B * R * S * D,
});

export const attentionGrad = defineKernel('attentionGrad', {
  args: {
    dq: pointer('[B, R, D]'),
    dk: pointer('[B, S, D]'),
    dv: pointer('[B, S, D]'),
    dbias: optional('[LANES, H, R, S]'),
    dy: pointer('[B, R, D]'),
    probs: pointer('[B, H, R, S]'),
    q: pointer('[B, R, D]'),
    k: pointer('[B, S, D]'),
    v: pointer('[B, S, D]'),
    B: int(),
    R: int('queries'),
    S: int('keys'),
    H: int('heads'),
    D: int('width of all heads'),
    accumulate: flag('whether dk and dv are added to'),
  },
  split: { by: 'lanes', over: 'B', least: 1 },
  scratch: true,
  work: ({ B, R, S, D }) => 4 * B * R * S * D,
});

type Inputs = Record<'q' | 'k' | 'v', tf.TensorInfo>;

interface Attrs {
  heads: number;
}

/** `attention` and its gradients. */
export function register(): void {
  registerSimdKernel<Inputs & { bias?: tf.TensorInfo; mask?: tf.TensorInfo }, Attrs>(
    ATTENTION,
    ({ inputs: { q, k, v, bias, mask }, attrs: { heads: H }, backend }) => {
      const { B, R, S, D } = sizesOf(q, k);
      const y = backend.output([B, R, D]);
      const probs = backend.output([B, H, R, S]);
      backend.pool.run(attention, {
        y: y.address,
        probs: probs.address,
        q: backend.address(q),
        k: backend.address(k),
        v: backend.address(v),
        bias: bias && backend.address(bias),
        mask: mask && backend.address(mask),
        B,
        R,
        S,
        H,
        D,
      });
      return [y, probs];
    },
  );

  registerSimdKernel<Inputs & Record<'dy' | 'probs', tf.TensorInfo>, Attrs & { bias: boolean }>(
    ATTENTION_GRAD,
    ({ inputs: { dy, probs, q, k, v }, attrs: { heads: H, bias }, backend }) => {
      const { B, R, S, D } = sizesOf(q, k);
      const [dq, dk, dv] = [q, k, v].map(({ shape }) => backend.output(shape));
      const n = H * R * S;
      const lanes = bias ? backend.arena.allocate(4 * LANES * n) : 0;
      backend.pool.run(attentionGrad, {
        dq: dq.address,
        dk: dk.address,
        dv: dv.address,
        dbias: lanes,
        dy: backend.address(dy),
        probs: backend.address(probs),
        q: backend.address(q),
        k: backend.address(k),
        v: backend.address(v),
        B,
        R,
        S,
        H,
        D,
        accumulate: false,
      });
      if (!bias) return [dq, dk, dv];
      const dbias = backend.output([H, R, S]);
      backend.pool.run(laneSum, { y: dbias.address, lanes, n, accumulate: false });
      backend.arena.free(lanes);
      return [dq, dk, dv, dbias];
    },
  );
}

function sizesOf(q: tf.TensorInfo, k: tf.TensorInfo) {
  const [B, R, D] = q.shape;
  return { B, R, S: k.shape[1], D };
}
