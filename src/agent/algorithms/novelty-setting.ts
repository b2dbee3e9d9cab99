import { z } from 'zod';

/** The setting `novelty` of an algorithm that learns from the bonus of exploration. */
export const noveltySetting = z
  .number()
  .min(0)
  .default(1)
  .describe(
    'Weight of the bonus for observations that are new, while rewards do not tell what to do: no reward, or the same cost at each step of all episodes of late. In standard deviations of the return; 0 gives none.',
  );

/** The meaning of the statistic `novelty` that such an algorithm reports (`meanBonus`). */
export const noveltyMeaning =
  'mean bonus for what is new, per decision, in the unit of learned rewards; 0 once rewards tell what to do';
