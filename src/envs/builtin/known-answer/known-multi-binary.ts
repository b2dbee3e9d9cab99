import { z } from 'zod';
import { MultiBinary } from '../../spaces/multi-binary.ts';
import { defineEnv } from '../entry.ts';
import { drawChoices } from './draw-choices.ts';
import { exact, Identity } from './identity.ts';

/**
 * ## Description
 * Repeat the three observed bits. The optimal return is 1; random actions get 1/8.
 *
 * ## Action Space
 * `MultiBinary(3)`.
 *
 * ## Observation Space
 * The same: the right action.
 *
 * ## Rewards
 * 1 where all bits are right, else 0.
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
export const knownMultiBinary = defineEnv({
  id: 'KnownMultiBinary-v0',
  summary: 'Known answer: repeat the observed bits.',
  options: z.strictObject({}),
  make: () =>
    new Identity('KnownMultiBinary-v0', new MultiBinary([3]), {
      pay: exact,
      draw: (bits) =>
        drawChoices(bits.map((chosen, i) => ({ label: `bit ${i}`, count: 2, chosen }))),
    }),
});
