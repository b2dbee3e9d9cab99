import { compared, defineExit, quantile } from './exit.ts';

/** The exit `threshold` ends a thought once the head's probability after a ponder step is at least the quantile. */
export const threshold = defineExit({
  name: 'threshold',
  summary: 'acts once the halting head’s probability of acting is at least quantile',
  options: { quantile },
  dial: { option: 'quantile', low: 0, high: 1, rises: true, scale: 'linear' },
  rule: ({ quantile }) => ({ halts: ({ halt }) => halt >= quantile }),
  reason: ({ quantile }, { halt }) => compared('halt', halt, '≥', quantile),
});
