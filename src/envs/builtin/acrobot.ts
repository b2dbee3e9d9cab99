import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { Discrete } from '../spaces/discrete.ts';
import { clamp } from './clamp.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

// Both links: mass 1 kg, length 1 m, center of mass in the middle, moment of inertia 1 kg m².
const center = 0.5; // m
const inertia = 1; // kg m²
const gravity = 9.8; // m/s²
const dt = 0.2; // s
const maxSpeed1 = 4 * Math.PI;
const maxSpeed2 = 9 * Math.PI;

/** Angles of the first link from hanging and of the second from the first (rad), and their speeds. */
type State = [theta1: number, theta2: number, speed1: number, speed2: number];

/** The time derivative of the state, by the equations of Sutton and Barto's book. */
function derivative([theta1, theta2, speed1, speed2]: State, torque: number): State {
  const cos2 = Math.cos(theta2);
  const sin2 = Math.sin(theta2);
  const d1 = center ** 2 + (1 + center ** 2 + 2 * center * cos2) + 2 * inertia;
  const d2 = center ** 2 + center * cos2 + inertia;
  const phi2 = center * gravity * Math.cos(theta1 + theta2 - Math.PI / 2);
  const phi1 =
    -center * speed2 ** 2 * sin2 -
    2 * center * speed2 * speed1 * sin2 +
    (center + 1) * gravity * Math.cos(theta1 - Math.PI / 2) +
    phi2;
  const acceleration2 =
    (torque + (d2 / d1) * phi1 - center * speed1 ** 2 * sin2 - phi2) /
    (center ** 2 + inertia - d2 ** 2 / d1);
  return [speed1, speed2, -(d2 * acceleration2 + phi1) / d1, acceleration2];
}

/** One step of the classic fourth-order Runge–Kutta method. */
function integrate(state: State, torque: number): State {
  const shifted = (k: State, h: number) => state.map((s, i) => s + h * k[i]) as State;
  const k1 = derivative(state, torque);
  const k2 = derivative(shifted(k1, dt / 2), torque);
  const k3 = derivative(shifted(k2, dt / 2), torque);
  const k4 = derivative(shifted(k3, dt), torque);
  return state.map((s, i) => s + (dt / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i])) as State;
}

function wrap(angle: number): number {
  let wrapped = angle;
  while (wrapped > Math.PI) wrapped -= 2 * Math.PI;
  while (wrapped < -Math.PI) wrapped += 2 * Math.PI;
  return wrapped;
}

/**
 * ## Description
 * Swing the free end of two linked rods above a line by a torque at the joint between them
 * (Sutton 1996). Numerically Gymnasium's `Acrobot-v1`, with the book's equations.
 *
 * ## Action Space
 * `Discrete(3)`: a torque of 0 −1, 1 none, 2 +1 N m.
 *
 * ## Observation Space
 * `Box`, float32, shape [6]; theta1 is 0 where the first link hangs, theta2 relative to it.
 *
 * | Entry | Meaning         | Min | Max | Unit  |
 * |-------|-----------------|-----|-----|-------|
 * | 0     | cos theta1      | −1  | 1   |       |
 * | 1     | sin theta1      | −1  | 1   |       |
 * | 2     | cos theta2      | −1  | 1   |       |
 * | 3     | sin theta2      | −1  | 1   |       |
 * | 4     | speed of theta1 | −4π | 4π  | rad/s |
 * | 5     | speed of theta2 | −9π | 9π  | rad/s |
 *
 * ## Rewards
 * −1 for every step, 0 for the one that reaches the line.
 *
 * ## Starting State
 * Both angles and both speeds uniform in (−0.1, 0.1), as float32.
 *
 * ## Episode End
 * Terminates when −cos theta1 − cos(theta1 + theta2) > 1, with `info.success` true; truncates
 * after 500 steps.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v1: as Gymnasium's v1.
 */
export class Acrobot extends EpisodicEnv<Float32Array, number, State> {
  readonly observationSpace = new Box({
    shape: [6],
    low: [-1, -1, -1, -1, -maxSpeed1, -maxSpeed2],
    high: [1, 1, 1, 1, maxSpeed1, maxSpeed2],
  });
  readonly actionSpace = new Discrete(3);

  constructor() {
    super('Acrobot-v1', 500);
  }

  protected begin(rng: Rng): State {
    const draw = () => Math.fround(rng.uniform(-0.1, 0.1));
    return [draw(), draw(), draw(), draw()];
  }

  protected advance(before: State, action: number): Outcome<State> {
    const [theta1, theta2, speed1, speed2] = integrate(before, action - 1);
    const state: State = [
      wrap(theta1),
      wrap(theta2),
      clamp(speed1, -maxSpeed1, maxSpeed1),
      clamp(speed2, -maxSpeed2, maxSpeed2),
    ];
    const success = -Math.cos(state[0]) - Math.cos(state[1] + state[0]) > 1;
    return { state, reward: success ? 0 : -1, terminated: success, success };
  }

  protected observe([theta1, theta2, speed1, speed2]: State): Float32Array {
    return Float32Array.of(
      Math.cos(theta1),
      Math.sin(theta1),
      Math.cos(theta2),
      Math.sin(theta2),
      speed1,
      speed2,
    );
  }

  protected draw([theta1, theta2]: State): Drawing {
    const joint = { x: 250 + 110 * Math.sin(theta1), y: 250 + 110 * Math.cos(theta1) };
    const end = {
      x: joint.x + 110 * Math.sin(theta1 + theta2),
      y: joint.y + 110 * Math.cos(theta1 + theta2),
    };
    const stroke = palette.agent;
    return {
      width: 500,
      height: 500,
      shapes: [
        { type: 'line', x1: 10, y1: 140, x2: 490, y2: 140, stroke: palette.goal, width: 4 },
        { type: 'line', x1: 250, y1: 250, x2: joint.x, y2: joint.y, stroke, width: 14 },
        { type: 'line', x1: joint.x, y1: joint.y, x2: end.x, y2: end.y, stroke, width: 14 },
        { type: 'circle', x: 250, y: 250, radius: 10, fill: palette.ink },
        { type: 'circle', ...joint, radius: 10, fill: palette.ink },
        { type: 'circle', ...end, radius: 10, fill: palette.goal },
      ],
    };
  }
}

export const acrobot = defineEnv({
  id: 'Acrobot-v1',
  summary: 'Swing the free end of two linked rods above a line with a torque at their joint.',
  options: z.strictObject({}),
  make: () => new Acrobot(),
});
