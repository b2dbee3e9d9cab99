/**
 * Tensors: the backends, the fused operations with their gradients, Adam, and the seeded generator of random numbers.
 * @module api-kernels
 */

/** The copy of tfjs that policies run on, for encoders, exits and algorithms of your own. */
export * as tf from '@tensorflow/tfjs-core';
export { loadBackend } from './backends/backend.ts';
export type { BackendChoice, BackendInfo, BackendName } from './backends/backend-info.ts';
export { type ChosenBackend, chooseBackend, type Timing } from './backends/choose.ts';
export { assertFinite, assertShape, NonFiniteError } from './common/checks.ts';
export { ownFile } from './common/own-file.ts';
export { Rng, type RngState } from './common/rng.ts';
export {
  Adam,
  type AdamOptions,
  type AdamState,
  type Gradient,
  type NamedVariable,
} from './ops/adam.ts';
export { attention } from './ops/attention.ts';
export { type Block, type BlockWeights, transformerBlock } from './ops/block.ts';
export { embed } from './ops/embed.ts';
export { embedFields } from './ops/embed-fields.ts';
export { type HeadWeights, heads, STEP_FEATURES } from './ops/heads.ts';
export { numbersOf, onHost } from './ops/host.ts';
export { linear } from './ops/linear.ts';
export { logSigmoid } from './ops/log-sigmoid.ts';
export { logSoftmax, MASKED_LOG_PROB, maskedLogSoftmax } from './ops/log-softmax.ts';
export { rmsNorm } from './ops/rms-norm.ts';
export { gatherRows, placeRows, repeat, takeRows } from './ops/rows.ts';
export { scalarWithGradient } from './ops/scalar-with-gradient.ts';
export { reshaped, tensorOf } from './ops/shapes.ts';
export { type Loop, loopStep, unroll } from './ops/unroll.ts';
export {
  ArenaFullError,
  arenaPeak,
  arenaUsed,
  type Build,
  type SimdOptions,
} from './simd/index.ts';
export { type Installed, type InstallOptions, installTensorflow } from './tensorflow/install.ts';
export { MissingRequirementError } from './tensorflow/machine.ts';
