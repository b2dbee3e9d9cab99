import { defineExit } from './exit.ts';

/** The exit `sample` draws with the learned head's probability, as training does. */
export const sample = defineExit({
  name: 'sample',
  summary: 'draws whether to act with the halting head’s probability, as in training',
  options: {},
  rule: () => ({ halts: ({ halt }, rng) => rng.float() < halt }),
  reason: (_, { halt }) => `drawn with probability ${halt.toFixed(3)}`,
});
