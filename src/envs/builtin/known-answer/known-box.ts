import { z } from 'zod';
import { Box } from '../../spaces/box.ts';
import { defineEnv } from '../entry.ts';
import { Identity, nearness } from './identity.ts';

/**
 * ## Description
 * Repeat the point seen. The optimal return is 0, that of always answering the centre −2/3.
 *
 * ## Action Space
 * `Box(−1, 1)`, float32, shape `[2]`.
 *
 * ## Observation Space
 * The same: the right action.
 *
 * ## Rewards
 * Minus the squared distance from the right point.
 *
 * ## Starting State
 * Uniform in the space.
 *
 * ## Episode End
 * Terminates after the one decision.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v0: first version.
 */
export const knownBox = defineEnv({
  id: 'KnownBox-v0',
  summary: 'Known answer: repeat the point seen, paid by nearness.',
  options: z.strictObject({}),
  make: () => new Identity('KnownBox-v0', new Box({ shape: [2], low: -1, high: 1 }), nearness),
});
