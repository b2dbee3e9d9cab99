export { bernoulli, type Exit } from './bernoulli.ts';
export { converge } from './converge.ts';
export { fixed } from './fixed.ts';
export { haltProbability, haltTerms, logHalt } from './probability.ts';
export { random } from './random.ts';
export type { HaltingRule, HaltStep } from './rule.ts';
