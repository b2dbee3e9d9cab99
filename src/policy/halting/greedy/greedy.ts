import { defineHalting } from '../definition.ts';

/**
 * The halting rule `greedy`: acts once the value of acting is at least that of thinking on; the heads give values
 * (`Reading.halt` is 1 or 0). In training it takes the other choice with probability `floor`, so that both stay learned.
 */
export const greedyHalting = defineHalting({
  name: 'greedy',
  summary: 'acts once the learned value of acting is at least that of thinking on (pqn only)',
  fields: {},
  statistics: {},
  byValues: true,
  rule: ({ floor }) => ({
    halts: ({ halt }, rng) => rng.float() < Math.min(1 - floor, Math.max(floor, halt)),
  }),
});
