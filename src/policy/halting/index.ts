export {
  type CommonSettings,
  defineHalting,
  type Expectation,
  type ExpectedLoss,
  type HaltingDefinition,
  type HaltingTerms,
  type Layout,
  type RowSurrogate,
  type SampledLoss,
  type SampledThoughts,
  type TensorSurrogate,
  type TermInputsByRows,
  type TermInputsByTensors,
  type TermsByRows,
  type TermsByTensors,
  type UnrolledThoughts,
} from './definition.ts';
export {
  type Dial,
  defineExit,
  type ExitDefinition,
  type ExitName,
  exitOptions,
  exitRule,
  exitSchema,
  exits,
  fixed,
  random,
  registerExit,
} from './exits/index.ts';
export { noTerms } from './fixed/no-terms.ts';
export {
  explainHalting,
  type HaltingConfig,
  type HaltingFields,
  haltingFields,
  haltingLoss,
  haltingRules,
  learnsToHalt,
  registerHalting,
  trainingRule,
} from './halting-rules.ts';
export { Mixture } from './ponder/mixture.ts';
export { logPrior, type PonderSettings } from './ponder/prior.ts';
export { haltProbability, haltTerms, logHalt } from './probability.ts';
export type { HaltingRule, HaltStep, Measure, ThoughtState } from './rule.ts';
