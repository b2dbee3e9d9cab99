/**
 * Tensors: the backends, the fused operations with their gradients, Adam, and the seeded generator of random numbers.
 * @module api-kernels
 */

/** The copy of tfjs that policies run on, for encoders, exits and algorithms of your own. */
export * as tf from '@tensorflow/tfjs-core';
export { loadBackend } from './backends/backend.ts';
export type { BackendChoice, BackendInfo, BackendName } from './backends/backend-info.ts';
export { type ChosenBackend, chooseBackend, type Timing } from './backends/choose.ts';
export { assertFinite, assertShape, NonFiniteError, Rng, type RngState } from './common/index.ts';
export { ownFile } from './common/own-file.ts';
export { startThread } from './common/thread.ts';
export {
  ABSENT,
  Adam,
  type AdamOptions,
  type AdamState,
  attention,
  type Block,
  type BlockWeights,
  embed,
  embedFields,
  type Gradient,
  gatherRows,
  type HeadWeights,
  heads,
  type Loop,
  linear,
  logSigmoid,
  logSoftmax,
  loopStep,
  MASKED_LOG_PROB,
  type Memory,
  maskedLogSoftmax,
  type NamedVariable,
  numbersOf,
  onHost,
  placeRows,
  type Ranges,
  repeat,
  reshaped,
  rmsNorm,
  STEP_FEATURES,
  scalarWithGradient,
  takeRows,
  tensorOf,
  transformerBlock,
  unroll,
  writeRows,
} from './ops/index.ts';
export {
  ArenaFullError,
  arenaPeak,
  arenaUsed,
  type Build,
  type SimdOptions,
} from './simd/index.ts';
export { type Installed, type InstallOptions, installTensorflow } from './tensorflow/install.ts';
export { MissingRequirementError } from './tensorflow/machine.ts';
