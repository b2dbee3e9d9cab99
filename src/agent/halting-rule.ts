import { bernoulli, type Exit, fixed, type HaltingRule } from '../policy/index.ts';
import type { Config } from './config.ts';

/** The rule an agent was trained with, as it acts once trained: the config's exit unless given. */
export function trainedRule(
  { halting, evaluation }: Config,
  exit: Exit = evaluation.exit,
): HaltingRule {
  return halting.rule === 'fixed'
    ? fixed(halting.steps ?? halting.maxSteps)
    : bernoulli(exit, evaluation.quantile);
}
