export type { CoreSizes } from './core/block-weights.ts';
export type { Core, CoreFactory, Thought, Token } from './core/core.ts';
export {
  type ActionValues,
  actionValues,
  type Choices,
  type Distribution,
  distributionFor,
  type HeadReading,
  type Reading,
} from './distributions/index.ts';
export { type Encoder, type EncoderFactory, encoderFor, type Place } from './encoders/index.ts';
export * from './halting/index.ts';
export { attentionOf } from './model/attention-by-step.ts';
export { type Heads, Policy, type PolicyOptions } from './model/policy.ts';
export { readoutAttention } from './model/readout-attention.ts';
export {
  explainActionBounds,
  explainActions,
  explainObservations,
  type SpaceProblem,
} from './model/trainable.ts';
export { Parameters, type Tensors } from './parameters/parameters.ts';
