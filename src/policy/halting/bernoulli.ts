import type { HaltingRule } from './rule.ts';

/** How the learned head's probabilities end a thought. */
export type Exit = 'sample' | 'threshold' | 'cdf';

/**
 * The learned halting head. `sample` draws (what training does); `threshold` halts once
 * halt ≥ quantile; `cdf` once the probability to have halted by now is ≥ quantile, the quantile of
 * the learned distribution of steps (PALBERT, 2204.03276), without its variance.
 */
export function bernoulli(exit: Exit, quantile = 0.5): HaltingRule {
  switch (exit) {
    case 'sample':
      return { halts: ({ halt }, rng) => rng.float() < halt };
    case 'threshold':
      return { halts: ({ halt }) => halt >= quantile };
    case 'cdf':
      return { halts: ({ halted }) => halted >= quantile };
  }
}
