import { defineHalting } from '../definition.ts';
import { exitRule } from '../exits/index.ts';
import { bernoulliTerms } from './terms.ts';

const drawn = exitRule('sample');

/**
 * Thinking is acting: after each ponder step the halting head draws whether to act, and learns from how that turned
 * out. What drew the depth is no part of the action's log-probability, which is that of the last depth.
 */
export const bernoulliHalting = defineHalting({
  name: 'bernoulli',
  summary:
    'drawn after each ponder step by a halting head, which learns from how each draw turned out',
  fields: {},
  statistics: {},
  rule: () => drawn,
  loss: (settings) => ({
    depth: 'sampled',
    gather: (thoughts, layout) => bernoulliTerms(settings, thoughts, layout),
  }),
});
