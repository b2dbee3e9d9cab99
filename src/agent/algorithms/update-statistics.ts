import { haltingRules } from '../../policy/index.ts';
import { algorithms } from './index.ts';

/**
 * What an update reports beside what it did: the meaning of each name, of the algorithm and of the halting rule.
 * Of those that are not known here (a program of its own registered them) it says nothing.
 */
export function updateStatistics(config: {
  algorithm: string;
  halting: { rule: string };
}): Record<string, string> {
  const algorithm = algorithms.all.find(({ name }) => name === config.algorithm);
  const rule = haltingRules.all.find(({ name }) => name === config.halting.rule);
  return { ...algorithm?.statistics, ...rule?.statistics };
}
