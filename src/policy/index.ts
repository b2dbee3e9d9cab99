/**
 * The policy network: encoders, cores, action distributions, and the rules that end a thought. The names of an encoder, a
 * halting rule or an exit of your own are here.
 * @module api-policy
 */

export type { CoreSizes } from './core/block-weights.ts';
export type { Core, CoreFactory, Thought, Token } from './core/core.ts';
export {
  type ActionValues,
  actionValues,
  type Choices,
  type Distribution,
  distributionFor,
  type HeadReading,
  jointLayout,
  RANK,
  type Reading,
  type Tempering,
} from './distributions/index.ts';
export { type Encoder, type EncoderFactory, encoderFor, type Place } from './encoders/index.ts';
export { pictureOf } from './encoders/picture.ts';
export { readingOf } from './encoders/reading.ts';
export {
  type CommonSettings,
  type Dial,
  defineExit,
  defineHalting,
  type ExitDefinition,
  type ExitName,
  type Expectation,
  type ExpectedLoss,
  exitOptions,
  exitRule,
  exitSchema,
  exits,
  explainHalting,
  fixed,
  type HaltingConfig,
  type HaltingDefinition,
  type HaltingFields,
  type HaltingRule,
  type HaltingTerms,
  type HaltStep,
  haltingFields,
  haltingLoss,
  haltingRules,
  haltProbability,
  haltTerms,
  type Layout,
  learnsToHalt,
  logHalt,
  logPrior,
  type Measure,
  Mixture,
  noTerms,
  type PonderSettings,
  type RowSurrogate,
  random,
  registerExit,
  registerHalting,
  type SampledLoss,
  type SampledThoughts,
  type TensorSurrogate,
  type TermInputsByRows,
  type TermInputsByTensors,
  type TermsByRows,
  type TermsByTensors,
  type ThoughtState,
  trainingRule,
  type UnrolledThoughts,
} from './halting/index.ts';
export {
  type EntryReader,
  EntryTables,
  EpisodeHistory,
  entriesNeeded,
  firstMoment,
  type Keep,
  type MemoryEntry,
  type MemorySizes,
  nextMoment,
  type PackedPasts,
  type Past,
  packPasts,
  pastOf,
} from './memory/index.ts';
export { attentionOf, type StepAttention } from './model/attention-by-step.ts';
export { EnvironmentModel, type Imagined } from './model/environment-model.ts';
export { type Given, type Heads, Policy, type PolicyOptions } from './model/policy.ts';
export { readoutAttention } from './model/readout-attention.ts';
export {
  explainActionBounds,
  explainActions,
  explainObservations,
  type SpaceProblem,
} from './model/trainable.ts';
export { Parameters, type Tensors } from './parameters/parameters.ts';
export { ofPrefix, prefixed } from './parameters/prefixes.ts';
