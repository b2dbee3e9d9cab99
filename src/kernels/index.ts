export {
  Adam,
  type AdamOptions,
  type AdamState,
  type Gradient,
  type NamedVariable,
} from './adam.ts';
export { attention } from './attention.ts';
export { loadBackend } from './backend.ts';
export type { BackendChoice, BackendInfo, BackendName } from './backend-info.ts';
export { type Block, type BlockWeights, transformerBlock } from './block.ts';
export { byHand } from './by-hand.ts';
export { assertFinite, assertShape, NonFiniteError } from './checks.ts';
export { type ChosenBackend, chooseBackend, type Timing } from './choose.ts';
export { embed } from './embed.ts';
export { embedFields } from './embed-fields.ts';
export { type HeadWeights, heads, STEP_FEATURES } from './heads.ts';
export { numbersOf, onHost } from './host.ts';
export { linear } from './linear.ts';
export { logSigmoid } from './log-sigmoid.ts';
export { logSoftmax, MASKED_LOG_PROB, maskedLogSoftmax } from './log-softmax.ts';
export { ownFile } from './own-file.ts';
export { rmsNorm } from './rms-norm.ts';
export { Rng, type RngState } from './rng.ts';
export { gatherRows, placeRows, repeat, takeRows } from './rows.ts';
export { reshaped, tensorOf } from './shapes.ts';
export { ArenaFull, arenaPeak, arenaUsed, type SimdOptions } from './simd/index.ts';
export { type Installed, type InstallOptions, installTensorflow } from './tensorflow/install.ts';
export { Lacking } from './tensorflow/machine.ts';
export { type Loop, loopStep, unroll } from './unroll.ts';
