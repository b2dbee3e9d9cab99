import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import { palette } from '../common/palette.ts';
import type { Drawing } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { clamp } from './clamp.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

const gravity = 10; // m/s²
const mass = 1; // kg
const length = 1; // m
const dt = 0.05; // s
const maxSpeed = 8; // rad/s
const maxTorque = 2; // N m

/** Angle from upright (rad, not wrapped) and its speed (rad/s). */
type State = [theta: number, speed: number];

/** The angle in [−π, π). */
function normalize(angle: number): number {
  const turn = 2 * Math.PI;
  return ((((angle + Math.PI) % turn) + turn) % turn) - Math.PI;
}

/**
 * ## Description
 * Swing a pendulum up and hold it upright with a torque too weak to lift it at once. Numerically
 * Gymnasium's `Pendulum-v1`.
 *
 * ## Action Space
 * `Box(−2, 2)`, float32, shape [1]: the torque in N m. As in Gymnasium, a torque beyond is clipped.
 *
 * ## Observation Space
 * `Box`, float32, shape [3]; theta is 0 upright.
 *
 * | Entry | Meaning   | Min | Max | Unit  |
 * |-------|-----------|-----|-----|-------|
 * | 0     | cos theta | −1  | 1   |       |
 * | 1     | sin theta | −1  | 1   |       |
 * | 2     | speed     | −8  | 8   | rad/s |
 *
 * ## Rewards
 * −(theta² + 0.1 · speed² + 0.001 · torque²) of the state acted in, theta in [−π, π).
 *
 * ## Starting State
 * Angle uniform in [−π, π), speed uniform in [−1, 1).
 *
 * ## Episode End
 * Never terminates; truncates after 200 steps.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v1: as Gymnasium's v1, default `g=10`.
 */
export class Pendulum extends EpisodicEnv<Float32Array, ArrayLike<number>, State> {
  readonly observationSpace = new Box({
    shape: [3],
    low: [-1, -1, -maxSpeed],
    high: [1, 1, maxSpeed],
  });
  readonly actionSpace = new Box({ shape: [1], low: -maxTorque, high: maxTorque });

  constructor() {
    super('Pendulum-v1', 200);
  }

  protected begin(rng: Rng): State {
    return [rng.uniform(-Math.PI, Math.PI), rng.uniform(-1, 1)];
  }

  protected override refuse(action: ArrayLike<number>): string | undefined {
    if (action?.length === 1 && Number.isFinite(action[0])) return undefined;
    return `expected one finite torque, got ${describe(action)}`;
  }

  protected advance([theta, speed]: State, action: ArrayLike<number>): Outcome<State> {
    const torque = clamp(action[0], -maxTorque, maxTorque);
    const cost = normalize(theta) ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2;
    const acceleration =
      ((3 * gravity) / (2 * length)) * Math.sin(theta) + (3 / (mass * length ** 2)) * torque;
    const next = clamp(speed + acceleration * dt, -maxSpeed, maxSpeed);
    return { state: [theta + next * dt, next], reward: 0 - cost, terminated: false };
  }

  protected observe([theta, speed]: State): Float32Array {
    return Float32Array.of(Math.cos(theta), Math.sin(theta), speed);
  }

  protected draw([theta]: State): Drawing {
    return {
      width: 500,
      height: 500,
      shapes: [
        { type: 'line', x1: 250, y1: 30, x2: 250, y2: 250, stroke: palette.pale, width: 4 },
        { type: 'circle', x: 250, y: 30, radius: 9, fill: palette.goal },
        {
          type: 'line',
          x1: 250,
          y1: 250,
          x2: 250 - 200 * Math.sin(theta),
          y2: 250 - 200 * Math.cos(theta),
          stroke: palette.agent,
          width: 20,
        },
        { type: 'circle', x: 250, y: 250, radius: 12, fill: palette.ink },
      ],
    };
  }
}

export const pendulum = defineEnv({
  id: 'Pendulum-v1',
  summary: 'Swing a pendulum up and hold it upright with a weak torque.',
  options: z.strictObject({}),
  make: () => new Pendulum(),
});
