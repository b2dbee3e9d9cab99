export { attentionOf, readoutAttention } from './attention.ts';
export type { CoreSizes } from './core/block.ts';
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
export { Parameters, type Tensors } from './parameters.ts';
export { type Heads, Policy, type PolicyOptions } from './policy.ts';
export {
  explainActionBounds,
  explainActions,
  explainObservations,
  type SpaceProblem,
} from './trainable.ts';
