export {
  type Dial,
  defineExit,
  type ExitDefinition,
  type ExitName,
  exitOptions,
  exitRule,
  exits,
  fixed,
  random,
  registerExit,
} from './exits/index.ts';
export { haltProbability, haltTerms, logHalt } from './probability.ts';
export type { HaltingRule, HaltStep, Measure, ThoughtState } from './rule.ts';
