import { haltingRules } from '../../policy/index.ts';
import { algorithms } from './index.ts';

/**
 * The meanings of an update's statistics, by name: those of the algorithm and those of the halting rule. It leaves out an
 * algorithm or a rule that is not registered in this process.
 */
export function updateStatistics(config: {
  algorithm: string;
  halting: { rule: string };
}): Record<string, string> {
  const algorithm = algorithms.all.find(({ name }) => name === config.algorithm);
  const rule = haltingRules.all.find(({ name }) => name === config.halting.rule);
  return { ...algorithm?.statistics, ...rule?.statistics };
}
