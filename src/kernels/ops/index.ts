export {
  Adam,
  type AdamOptions,
  type AdamState,
  type Gradient,
  type NamedVariable,
} from './adam.ts';
export { ABSENT, attention } from './attention.ts';
export type { Memory, Ranges } from './attention-over-rows.ts';
export { type Block, type BlockWeights, transformerBlock } from './block.ts';
export { embed } from './embed.ts';
export { embedFields } from './embed-fields.ts';
export { type HeadWeights, heads, STEP_FEATURES } from './heads.ts';
export { numbersOf, onHost } from './host.ts';
export { linear } from './linear.ts';
export { logSigmoid } from './log-sigmoid.ts';
export { logSoftmax, MASKED_LOG_PROB, maskedLogSoftmax } from './log-softmax.ts';
export { rmsNorm } from './rms-norm.ts';
export { gatherRows, placeRows, repeat, takeRows, writeRows } from './rows.ts';
export { scalarWithGradient } from './scalar-with-gradient.ts';
export { reshaped, tensorOf } from './shapes.ts';
export { type Loop, loopStep, unroll } from './unroll.ts';
