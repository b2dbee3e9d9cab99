import { defineHalting } from '../definition.ts';

/**
 * Acts once acting is worth at least as much as thinking on, where the heads are read as values (`Reading.halt` is 1
 * or 0). While it learns, `floor` of its choices are the other one, so that neither is forgotten.
 */
export const greedyHalting = defineHalting({
  name: 'greedy',
  summary: 'once acting is worth at least as much as thinking on, by values that pqn learns',
  fields: {},
  statistics: {},
  byValues: true,
  rule: ({ floor }) => ({
    halts: ({ halt }, rng) => rng.float() < Math.min(1 - floor, Math.max(floor, halt)),
  }),
});
