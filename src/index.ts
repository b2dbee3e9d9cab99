/** The copy of tfjs that policies run on, for encoders of your own. */
export * as tf from '@tensorflow/tfjs-core';
export * from './agent/index.ts';
export * from './envs/index.ts';
export {
  attention,
  embed,
  linear,
  loadBackend,
  Rng,
  type RngState,
  rmsNorm,
} from './kernels/index.ts';
export * from './policy/index.ts';
export * from './rollout/index.ts';
