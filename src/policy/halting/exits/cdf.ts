import { compared, defineExit, quantile } from './exit.ts';

/**
 * Once the probability to have halted by now is at least the quantile: that quantile of the learned
 * distribution of steps (PALBERT, 2204.03276), without its variance.
 */
export const cdf = defineExit({
  name: 'cdf',
  summary: 'once the learned head would have halted by now with probability quantile or more',
  options: { quantile },
  dial: { option: 'quantile', low: 0, high: 1, rises: true, scale: 'linear' },
  rule: ({ quantile }) => ({ halts: ({ halted }) => halted >= quantile }),
  reason: ({ quantile }, { halted }) => compared('halted by now', halted, '≥', quantile),
});
