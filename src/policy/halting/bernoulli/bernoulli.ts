import { defineHalting } from '../definition.ts';
import { exitRule } from '../exits/index.ts';
import { bernoulliTerms } from './terms.ts';

const drawn = exitRule('sample');

/**
 * The halting rule `bernoulli`: thinking is acting. After each ponder step the halting head draws whether to act, and
 * learns from the advantage of that choice. The action's log-probability is that at the last depth; the choices of the
 * depth are no part of it.
 */
export const bernoulliHalting = defineHalting({
  name: 'bernoulli',
  summary:
    'after each ponder step the halting head draws whether to act, and learns from the advantage of each draw',
  fields: {},
  statistics: {},
  rule: () => drawn,
  loss: (settings) => ({
    depth: 'sampled',
    gather: (thoughts, layout) => bernoulliTerms(settings, thoughts, layout),
  }),
});
