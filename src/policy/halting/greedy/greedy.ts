import { defineHalting } from '../definition.ts';

/**
 * The halting rule `greedy`: acts once the value of acting is at least that of thinking on; the heads give values
 * (`Reading.halt` is 1 or 0). In training it takes the other choice with probability `floor`, so that both stay learned.
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
