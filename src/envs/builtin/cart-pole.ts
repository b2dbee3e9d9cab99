import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Shape } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { Discrete } from '../spaces/discrete.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

const gravity = 9.8; // m/s²
const poleMass = 0.1; // kg
const totalMass = 1 + poleMass;
const halfLength = 0.5; // m
const poleMoment = poleMass * halfLength;
const push = 10; // N
const dt = 0.02; // s
const maxPosition = 2.4; // m
const maxAngle = (12 * 2 * Math.PI) / 360;

/** Position (m), velocity (m/s), angle (rad), angular velocity (rad/s). */
type State = [x: number, xDot: number, theta: number, thetaDot: number];

/**
 * ## Description
 * Keep a pole upright on a cart by pushing the cart (Barto, Sutton & Anderson 1983). Numerically
 * Gymnasium's `CartPole-v1`: Euler integration in float64, observations in float32.
 *
 * ## Action Space
 * `Discrete(2)`: push with 10 N to the 0 left, 1 right.
 *
 * ## Observation Space
 * `Box`, float32, shape [4].
 *
 * | Entry | Meaning               | Min    | Max   | Unit  |
 * |-------|-----------------------|--------|-------|-------|
 * | 0     | cart position         | −4.8   | 4.8   | m     |
 * | 1     | cart velocity         | −∞     | ∞     | m/s   |
 * | 2     | pole angle            | −0.419 | 0.419 | rad   |
 * | 3     | pole angular velocity | −∞     | ∞     | rad/s |
 *
 * ## Rewards
 * 1 for every step, the last included.
 *
 * ## Starting State
 * Every entry uniform in (−0.05, 0.05).
 *
 * ## Episode End
 * Terminates when the cart is beyond ±2.4 m or the pole beyond ±12°; truncates after 500 steps.
 * `info.success` at the end: the pole still stands.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v1: as Gymnasium's v1, default `sutton_barto_reward=False`.
 */
export class CartPole extends EpisodicEnv<Float32Array, number, State> {
  readonly observationSpace: Box;
  readonly actionSpace = new Discrete(2);

  constructor() {
    super('CartPole-v1', 500);
    const infinity = Number.POSITIVE_INFINITY;
    const high = [maxPosition * 2, infinity, maxAngle * 2, infinity];
    this.observationSpace = new Box({ shape: [4], low: high.map((bound) => -bound), high });
  }

  protected begin(rng: Rng): State {
    const draw = () => rng.uniform(-0.05, 0.05);
    return [draw(), draw(), draw(), draw()];
  }

  protected advance([x, xDot, theta, thetaDot]: State, action: number): Outcome<State> {
    const force = action === 1 ? push : -push;
    const cos = Math.cos(theta);
    const sin = Math.sin(theta);
    const temp = (force + poleMoment * thetaDot ** 2 * sin) / totalMass;
    const thetaAcc =
      (gravity * sin - cos * temp) / (halfLength * (4 / 3 - (poleMass * cos ** 2) / totalMass));
    const xAcc = temp - (poleMoment * thetaAcc * cos) / totalMass;
    const state: State = [
      x + dt * xDot,
      xDot + dt * xAcc,
      theta + dt * thetaDot,
      thetaDot + dt * thetaAcc,
    ];
    const terminated = Math.abs(state[0]) > maxPosition || Math.abs(state[2]) > maxAngle;
    return { state, reward: 1, terminated, success: !terminated };
  }

  protected observe(state: State): Float32Array {
    return new Float32Array(state);
  }

  /** The cart between the ends of its track; the pale lines show the largest angle of the pole. */
  protected draw([x, , theta]: State): Drawing {
    const cart = 300 + (x / maxPosition) * 260;
    const leaning = (angle: number, length: number) => ({
      ...{
        x1: cart,
        y1: 190,
        x2: cart + length * Math.sin(angle),
        y2: 190 - length * Math.cos(angle),
      },
    });
    const ends = [-1, 1].map((side): Shape => {
      const end = 300 + side * 260;
      return { type: 'line', x1: end, y1: 210, x2: end, y2: 240, stroke: palette.warm, width: 4 };
    });
    const limits = [-maxAngle, maxAngle].map((angle): Shape => {
      return { type: 'line', ...leaning(angle, 160), stroke: palette.pale, width: 2 };
    });
    const wheels = [-16, 16].map((offset): Shape => {
      return { type: 'circle', x: cart + offset, y: 222, radius: 7, fill: palette.ink };
    });
    return {
      width: 600,
      height: 260,
      shapes: [
        { type: 'line', x1: 40, y1: 230, x2: 560, y2: 230, stroke: palette.pale, width: 4 },
        ...ends,
        ...limits,
        ...wheels,
        { type: 'rect', x: cart - 32, y: 186, width: 64, height: 32, fill: palette.ink },
        { type: 'line', ...leaning(theta, 150), stroke: palette.agent, width: 9 },
        { type: 'circle', x: cart, y: 190, radius: 5, fill: palette.pale },
      ],
    };
  }
}

export const cartPole = defineEnv({
  id: 'CartPole-v1',
  summary: 'Keep a pole upright on a cart by pushing it left or right.',
  options: z.strictObject({}),
  make: () => new CartPole(),
});
