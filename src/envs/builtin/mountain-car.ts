import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Shape } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { Discrete } from '../spaces/discrete.ts';
import { clamp } from './clamp.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

const minPosition = -1.2;
const maxPosition = 0.6;
const maxSpeed = 0.07;
const goalPosition = 0.5;
const force = 0.001;
const gravity = 0.0025;

type State = [position: number, velocity: number];

const screen = (position: number) => ({
  x: ((position - minPosition) / (maxPosition - minPosition)) * 600,
  y: 360 - (0.45 * Math.sin(3 * position) + 0.55) * 300,
});

/**
 * ## Description
 * Drive an underpowered car out of a valley by swinging to and fro (Moore 1990). Numerically
 * Gymnasium's `MountainCar-v0`.
 *
 * ## Action Space
 * `Discrete(3)`: accelerate 0 left, 1 not, 2 right.
 *
 * ## Observation Space
 * `Box`, float32, shape [2].
 *
 * | Entry | Meaning  | Min   | Max  | Unit   |
 * |-------|----------|-------|------|--------|
 * | 0     | position | −1.2  | 0.6  | m      |
 * | 1     | velocity | −0.07 | 0.07 | m/step |
 *
 * ## Rewards
 * −1 for every step, the last included.
 *
 * ## Starting State
 * Position uniform in [−0.6, −0.4), at rest.
 *
 * ## Episode End
 * Terminates at position ≥ 0.5 moving right or at rest, with `info.success` true; truncates after
 * 200 steps.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v0: as Gymnasium's v0, default `goal_velocity=0`.
 */
export class MountainCar extends EpisodicEnv<Float32Array, number, State> {
  readonly observationSpace = new Box({
    shape: [2],
    low: [minPosition, -maxSpeed],
    high: [maxPosition, maxSpeed],
  });
  readonly actionSpace = new Discrete(3);

  constructor() {
    super('MountainCar-v0', 200);
  }

  protected begin(rng: Rng): State {
    return [rng.uniform(-0.6, -0.4), 0];
  }

  protected advance([before, speed]: State, action: number): Outcome<State> {
    const acceleration = (action - 1) * force - Math.cos(3 * before) * gravity;
    let velocity = clamp(speed + acceleration, -maxSpeed, maxSpeed);
    const position = clamp(before + velocity, minPosition, maxPosition);
    if (position === minPosition && velocity < 0) velocity = 0;
    const success = position >= goalPosition && velocity >= 0;
    return { state: [position, velocity], reward: -1, terminated: success, success };
  }

  protected observe(state: State): Float32Array {
    return Float32Array.from(state);
  }

  protected draw([position]: State): Drawing {
    const hill = Array.from({ length: 60 }, (_, i): Shape => {
      const from = screen(minPosition + 0.03 * i);
      const to = screen(minPosition + 0.03 * (i + 1));
      return {
        type: 'line',
        x1: from.x,
        y1: from.y,
        x2: to.x,
        y2: to.y,
        stroke: palette.pale,
        width: 6,
      };
    });
    const goal = screen(goalPosition);
    const car = screen(position);
    return {
      width: 600,
      height: 400,
      shapes: [
        ...hill,
        { type: 'rect', x: goal.x, y: goal.y - 50, width: 4, height: 50, fill: palette.ink },
        { type: 'rect', x: goal.x - 26, y: goal.y - 50, width: 26, height: 18, fill: palette.goal },
        { type: 'circle', x: car.x, y: car.y - 16, radius: 15, fill: palette.agent },
        { type: 'circle', x: car.x, y: car.y - 16, radius: 5, fill: palette.paper },
      ],
    };
  }
}

export const mountainCar = defineEnv({
  id: 'MountainCar-v0',
  summary: 'Drive an underpowered car out of a valley by rocking back and forth.',
  options: z.strictObject({}),
  make: () => new MountainCar(),
});
