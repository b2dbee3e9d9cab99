import { compared, defineExit, quantile } from './exit.ts';

/**
 * The exit `cdf` ends a thought once the probability of having halted by now is at least the quantile. The depth is that
 * quantile of the learned distribution of depths (PALBERT, Balagansky and Gavrilov 2022, arXiv 2204.03276), not a draw.
 */
export const cdf = defineExit({
  name: 'cdf',
  summary:
    'acts once the halting head would have acted by now with a probability of at least quantile',
  options: { quantile },
  dial: { option: 'quantile', low: 0, high: 1, rises: true, scale: 'linear' },
  rule: ({ quantile }) => ({ halts: ({ halted }) => halted >= quantile }),
  reason: ({ quantile }, { halted }) => compared('halted by now', halted, '≥', quantile),
});
