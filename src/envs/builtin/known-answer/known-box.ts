import { z } from 'zod';
import { palette } from '../../common/palette.ts';
import type { Drawing } from '../../contract/env.ts';
import { Box } from '../../spaces/box.ts';
import { defineEnv } from '../entry.ts';
import { Identity, nearness } from './identity.ts';

/**
 * ## Description
 * Repeat the observed point. The optimal return is 0; an agent that always answers the center gets −2/3.
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
  summary: 'Known answer: repeat the observed point; the reward is higher the nearer it is.',
  options: z.strictObject({}),
  make: () =>
    new Identity('KnownBox-v0', new Box({ shape: [2], low: -1, high: 1 }), {
      pay: nearness,
      draw: drawPoint,
    }),
});

/** The point in its square, the second number upwards. */
function drawPoint([x, y]: readonly number[]): Drawing {
  const at = (number: number) => 20 + 100 * (1 + number);
  const axis = { stroke: palette.paper, width: 2 };
  return {
    width: 240,
    height: 240,
    shapes: [
      { type: 'rect', x: 20, y: 20, width: 200, height: 200, fill: palette.pale },
      { type: 'line', x1: at(0), y1: 20, x2: at(0), y2: 220, ...axis },
      { type: 'line', x1: 20, y1: at(0), x2: 220, y2: at(0), ...axis },
      { type: 'circle', x: at(x), y: at(-y), radius: 8, fill: palette.goal },
    ],
  };
}
