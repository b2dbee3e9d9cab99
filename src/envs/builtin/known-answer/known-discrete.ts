import { z } from 'zod';
import { Discrete } from '../../spaces/discrete.ts';
import { defineEnv } from '../entry.ts';
import { drawChoices } from './draw-choices.ts';
import { exact, Identity } from './identity.ts';

/**
 * ## Description
 * Repeat the observed number. The optimal return is 1; random actions get 1/4.
 *
 * ## Action Space
 * `Discrete(4)`.
 *
 * ## Observation Space
 * The same: the right action.
 *
 * ## Rewards
 * 1 for the right number, else 0.
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
export const knownDiscrete = defineEnv({
  id: 'KnownDiscrete-v0',
  summary: 'Known answer: repeat the observed number.',
  options: z.strictObject({}),
  make: () =>
    new Identity('KnownDiscrete-v0', new Discrete(4), {
      pay: exact,
      draw: ([chosen]) => drawChoices([{ label: 'right', count: 4, chosen }]),
    }),
});
