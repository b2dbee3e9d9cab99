export {
  Adam,
  type AdamOptions,
  type AdamState,
  type Gradient,
  type NamedVariable,
} from './adam.ts';
export { attention } from './attention.ts';
export { type BackendChoice, type BackendInfo, loadBackend } from './backend.ts';
export { type Block, type BlockWeights, transformerBlock } from './block.ts';
export { assertFinite, assertShape, NonFiniteError } from './checks.ts';
export { embed } from './embed.ts';
export { linear } from './linear.ts';
export { logSigmoid } from './log-sigmoid.ts';
export { logSoftmax, MASKED_LOG_PROB, maskedLogSoftmax } from './log-softmax.ts';
export { rmsNorm } from './rms-norm.ts';
export { Rng, type RngState } from './rng.ts';
export { gatherRows, takeRows } from './rows.ts';
export type { SimdOptions } from './simd/index.ts';
export { type Loop, unroll } from './unroll.ts';
