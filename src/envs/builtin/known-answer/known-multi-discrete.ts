import { z } from 'zod';
import { MultiDiscrete } from '../../spaces/multi-discrete.ts';
import { defineEnv } from '../entry.ts';
import { drawChoices } from './draw-choices.ts';
import { exact, Identity } from './identity.ts';

/**
 * ## Description
 * Repeat the observed pair. The optimal return is 1; random actions get 1/12.
 *
 * ## Action Space
 * `MultiDiscrete([3, 4])`.
 *
 * ## Observation Space
 * The same: the right action.
 *
 * ## Rewards
 * 1 where both components are right, else 0.
 *
 * ## Starting State
 * Uniform in the space.
 *
 * ## Episode End
 * Terminates after the one decision; `info.success`: the action was exactly right.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v0: first version.
 */
export const knownMultiDiscrete = defineEnv({
  id: 'KnownMultiDiscrete-v0',
  summary: 'Known answer: repeat the observed pair of numbers.',
  options: z.strictObject({}),
  make: () =>
    new Identity('KnownMultiDiscrete-v0', new MultiDiscrete([3, 4]), {
      pay: exact,
      draw: ([first, second]) =>
        drawChoices([
          { label: 'right [0]', count: 3, chosen: first },
          { label: 'right [1]', count: 4, chosen: second },
        ]),
    }),
});
