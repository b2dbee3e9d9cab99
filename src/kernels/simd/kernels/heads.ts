import type * as tf from '@tensorflow/tfjs-core';
import { HEADS, HEADS_GRAD } from '../../ops/fused.ts';
import { EPS } from '../../ops/rms-norm.ts';
import { LANES, Op, registerSimdKernel } from '../runtime/kernel.ts';
import { floatBits } from '../runtime/pool.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';

type Weight =
  | 'gain'
  | 'action'
  | 'actionBias'
  | 'free'
  | 'value'
  | 'valueBias'
  | 'halt'
  | 'haltBias';
type Inputs = Record<'z' | Weight, tf.TensorInfo>;

interface Attrs {
  /** Of the number of steps [N, 2]. */
  features: Float32Array;
}

/** `heads` and its gradients. */
export function registerHeads(): void {
  registerSimdKernel<Inputs, Attrs>(HEADS, ({ inputs, attrs, backend }) => {
    const { N, A, F, work } = sizesOf(inputs);
    const y = backend.output([N, A + F + 2]);
    const features = placed(attrs.features, backend);
    backend.pool.run(Op.heads, work, words(inputs, y.address, features, backend));
    backend.arena.free(features);
    return y;
  });

  registerSimdKernel<Inputs & { dy: tf.TensorInfo }, Attrs>(
    HEADS_GRAD,
    ({ inputs: { dy, ...inputs }, attrs, backend }) => {
      const { arena, pool } = backend;
      const { z, ...weights } = inputs;
      const dz = backend.output(z.shape);
      const shapes = Object.values(weights).map(({ shape }) => shape);
      const sizes = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
      const parameters = sizes.reduce((a, b) => a + b, 0);
      const features = placed(attrs.features, backend);
      const lanes = arena.allocate(4 * LANES * parameters);
      pool.run(Op.headsGrad, 3 * sizesOf(inputs).work, [
        ...words(inputs, 0, features, backend),
        ...[backend.address(dy), dz.address, lanes, parameters],
      ]);
      pool.run(Op.laneSum, parameters, [lanes, lanes, parameters, 0]);
      let at = lanes;
      const gradients = shapes.map((shape, i) => {
        const gradient = backend.output(shape);
        gradient.values.set(new Float32Array(arena.memory.buffer, at, sizes[i]));
        at += 4 * sizes[i];
        return gradient;
      });
      for (const address of [features, lanes]) arena.free(address);
      return [dz, ...gradients];
    },
  );
}

function sizesOf({ z, actionBias, free }: Inputs) {
  const [N, R, D] = z.shape;
  const A = actionBias.shape[0];
  return { N, R, D, A, F: free ? free.shape[0] : 0, work: N * D * (A + 4) };
}

function words(inputs: Inputs, y: number, features: number, backend: SimdBackend): number[] {
  const { N, R, D, A, F } = sizesOf(inputs);
  const at = (name: Weight) => (inputs[name] ? backend.address(inputs[name]) : 0);
  return [
    ...[y, backend.address(inputs.z), features, N, R, D, A, F, floatBits(EPS)],
    ...[at('gain'), at('action'), at('actionBias'), at('free')],
    ...[at('value'), at('valueBias'), at('halt'), at('haltBias')],
  ];
}

/** Numbers in the arena; whoever asked frees them. */
function placed(values: Float32Array, { arena }: SimdBackend): number {
  const address = arena.allocate(4 * values.length);
  new Float32Array(arena.memory.buffer, address, values.length).set(values);
  return address;
}
