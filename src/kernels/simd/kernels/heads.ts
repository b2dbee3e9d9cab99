import type * as tf from '@tensorflow/tfjs-core';
import { HEADS, HEADS_GRAD } from '../../ops/heads.ts';
import { EPS } from '../../ops/rms-norm.ts';
import {
  defineKernel,
  float,
  int,
  optional,
  pointer,
  struct,
  type Values,
} from '../runtime/define-kernel.ts';
import { registerSimdKernel } from '../runtime/register.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { Lanes } from './lane-sum.ts';

const weights = struct('HeadWeights', {
  gain: pointer('[D]'),
  action: pointer('[D, A]'),
  actionBias: pointer('[A]'),
  free: optional('[F]'),
  value: pointer('[D + STEP_FEATURES]'),
  valueBias: pointer('[1]'),
  halt: pointer('[D + STEP_FEATURES]'),
  haltBias: pointer('[1]'),
});

export const heads = defineKernel('heads', {
  args: {
    y: pointer('[N, A + F + 2]: action parameters, free ones, value and halting logit'),
    z: pointer('[N, R, D]'),
    features: pointer('of the number of steps [N, STEP_FEATURES]'),
    N: int('states'),
    R: int('tokens'),
    D: int('a multiple of four'),
    A: int('action parameters'),
    F: int('free ones'),
    eps: float(),
    weights,
  },
  split: { by: 'share', over: 'N' },
  scratch: true,
  work: ({ N, D, A }) => N * D * (A + 4),
});

export const headsGrad = defineKernel('headsGrad', {
  args: {
    heads,
    dy: pointer('[N, A + F + 2]'),
    dz: pointer('[N, R, D]'),
    sums: weights,
    laneStep: int('bytes from the sums of a lane to those of the next; they are added to'),
  },
  split: { by: 'lanes', over: 'heads.N', least: 16 },
  scratch: true,
  work: ({ heads: { N, D, A } }) => 3 * N * D * (A + 4),
});

type Weights = Values<typeof weights.fields>;
type Inputs = Record<'z' | keyof Weights, tf.TensorInfo>;

interface Attrs {
  /** Of the number of steps [N, STEP_FEATURES]. */
  features: Float32Array;
}

/** `heads` and its gradients. */
export function register(): void {
  registerSimdKernel<Inputs, Attrs>(HEADS, ({ inputs, attrs, backend }) => {
    const { z, actionBias, free } = inputs;
    const y = backend.output([z.shape[0], actionBias.shape[0] + (free ? free.shape[0] : 0) + 2]);
    const features = placed(attrs.features, backend);
    backend.pool.run(heads, argumentsOf(inputs, y.address, features, backend));
    backend.arena.free(features);
    return y;
  });

  registerSimdKernel<Inputs & { dy: tf.TensorInfo }, Attrs>(
    HEADS_GRAD,
    ({ inputs: { dy, ...inputs }, attrs, backend }) => {
      const { z, ...weights } = inputs;
      const dz = backend.output(z.shape);
      const features = placed(attrs.features, backend);
      const shapes = Object.entries(weights).map(([name, { shape }]) => [name, shape]);
      const lanes = new Lanes(backend, Object.fromEntries(shapes));
      backend.pool.run(headsGrad, {
        heads: argumentsOf(inputs, 0, features, backend),
        dy: backend.address(dy),
        dz: dz.address,
        sums: lanes.at as unknown as Weights,
        laneStep: lanes.step,
      });
      backend.arena.free(features);
      return [dz, ...Object.values(lanes.finish())];
    },
  );
}

function argumentsOf(inputs: Inputs, y: number, features: number, backend: SimdBackend) {
  const { z, free } = inputs;
  const [N, R, D] = z.shape;
  const at = (name: keyof Weights) => backend.address(inputs[name]);
  return {
    y,
    z: backend.address(z),
    features,
    N,
    R,
    D,
    A: inputs.actionBias.shape[0],
    F: free ? free.shape[0] : 0,
    eps: EPS,
    weights: {
      gain: at('gain'),
      action: at('action'),
      actionBias: at('actionBias'),
      free: free && at('free'),
      value: at('value'),
      valueBias: at('valueBias'),
      halt: at('halt'),
      haltBias: at('haltBias'),
    },
  };
}

/** Numbers in the arena, which the caller frees. */
function placed(values: Float32Array, { arena }: SimdBackend): number {
  const address = arena.allocate(4 * values.length);
  new Float32Array(arena.memory.buffer, address, values.length).set(values);
  return address;
}
