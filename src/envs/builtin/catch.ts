import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Info, Shape } from '../contract/env.ts';
import { Discrete } from '../spaces/discrete.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

const options = z.strictObject({
  columns: z.int().min(2).max(64).default(5).describe('Columns of the board (C).'),
  layers: z.int().min(1).max(64).default(3).describe('Most layers of tubes below a ball (L).'),
  spare: z
    .int()
    .min(0)
    .max(256)
    .default(2)
    .describe('Most rows that a ball falls before the tubes, beyond one for each layer.'),
  speed: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Columns that the paddle moves in an environment step at most.'),
});

export type CatchOptions = z.infer<typeof options>;

interface State {
  /** Where the tube of each column ends, layer 1 (the lowest) first [L · C]. */
  tubes: number[];
  /** Layers of tubes below the ball. */
  layer: number;
  /** Rows that the ball still falls. */
  rows: number;
  ball: number;
  paddle: number;
}

/**
 * ## Description
 * Catch a ball that falls into tubes. A ball over k layers of tubes falls at least k rows, one at each environment step.
 * Then it shoots through all the tubes, each of which ends at some column of the layer below, and lands. So where it lands
 * is found by following k tubes, one after another, and the paddle must be there in time.
 *
 * It is meant for a world that goes on during thoughts (`realTime`, with action 0 as the no-op): a ball over one layer must be
 * caught at once, while one over many takes longer to predict, and falls for longer.
 *
 * ## Action Space
 * `Discrete(C + 1)`: 0 stay, 1..C move towards column 0..C − 1, by at most `speed` columns.
 *
 * ## Observation Space
 * `MultiDiscrete`, shape [2 + L·C, 3], a set. The id of column c of layer l, or of the ground (l = 0), is `l · C + c`; with
 * V = (L + 1)·C + 2, V − 2 means "ball" and V − 1 "paddle".
 *
 * | Token  | name (V) | target (V)                                    | rows (L + spare + 1) |
 * |--------|----------|-----------------------------------------------|----------------------|
 * | ball   | V − 2    | the id of the tube below it: k · C + c        | rows left            |
 * | paddle | V − 1    | the id of its column on the ground            | 0                    |
 * | tube   | its id   | the id of the tube, or ground, where it ends  | 0                    |
 *
 * ## Rewards
 * 1 for a ball that is caught, else 0.
 *
 * ## Starting State
 * k uniform in 1..L, the rows to fall in k..k + `spare`; the ball's column and the ends of all tubes uniform and independent; the paddle in the middle.
 * `info.difficulty` is the rows left, the time to impact.
 *
 * ## Episode End
 * Terminates where the ball lands; `info.success` says whether the paddle is there.
 *
 * ## Arguments
 * `columns` C = 5, `layers` L = 3, `spare` = 2, `speed` = 2.
 *
 * ## Version History
 * - v0: first version.
 */
export class Catch extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace: MultiDiscrete;
  readonly actionSpace: Discrete;
  readonly #options: CatchOptions;

  constructor(options: CatchOptions) {
    super('Catch-v0');
    const { columns, layers, spare } = options;
    const tokens = 2 + layers * columns;
    const vocabulary = (layers + 1) * columns + 2;
    const token = [vocabulary, vocabulary, layers + spare + 1];
    this.#options = options;
    this.observationSpace = new MultiDiscrete(Array(tokens).fill(token).flat(), {
      shape: [tokens, 3],
      as: 'set',
    });
    this.actionSpace = new Discrete(columns + 1);
  }

  protected begin(rng: Rng): State {
    const { columns, layers, spare } = this.#options;
    const tubes = Array.from({ length: layers * columns }, () => rng.int(columns));
    const layer = 1 + rng.int(layers);
    const rows = layer + rng.int(spare + 1);
    return { tubes, layer, rows, ball: rng.int(columns), paddle: Math.floor(columns / 2) };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const { speed } = this.#options;
    const way = action === 0 ? 0 : action - 1 - state.paddle;
    const paddle = state.paddle + Math.max(-speed, Math.min(speed, way));
    const rows = state.rows - 1;
    const success = paddle === this.#way(state).at(-1);
    const terminated = rows === 0;
    const reward = terminated && success ? 1 : 0;
    return { state: { ...state, rows, paddle }, reward, terminated, success };
  }

  protected observe({ tubes, layer, rows, ball, paddle }: State): Int32Array {
    const { columns, layers } = this.#options;
    const ids = (layers + 1) * columns;
    const ends = tubes.map((end, i) => [columns + i, Math.floor(i / columns) * columns + end, 0]);
    return Int32Array.from(
      [[ids, layer * columns + ball, rows], [ids + 1, paddle, 0], ...ends].flat(),
    );
  }

  protected override describe({ rows }: State): Info {
    return { difficulty: rows };
  }

  /** The columns of the ball, from layer `layer` down to the ground [layer + 1]. */
  #way({ tubes, layer, ball }: State): number[] {
    const way = [ball];
    for (let below = layer - 1; below >= 0; below--) {
      way.push(tubes[below * this.#options.columns + way.at(-1)!]);
    }
    return way;
  }

  /** The ball, the tubes with its way emphasized, and the paddle. */
  protected draw(state: State): Drawing {
    const { columns, layers, spare } = this.#options;
    const { tubes, layer, rows, ball, paddle } = state;
    const height = layers + spare + layers;
    const x = (column: number) => 24 + 40 * column;
    const y = (above: number) => 24 + 40 * (height - above);
    const way = this.#way(state);
    const lines = tubes.map((end, i): Shape & { type: 'line' } => {
      const above = 1 + Math.floor(i / columns);
      const onWay = above <= layer && way[layer - above] === i % columns;
      const place = { x1: x(i % columns), y1: y(above), x2: x(end), y2: y(above - 1) };
      const look = { stroke: onWay ? palette.ink : palette.pale, width: onWay ? 4 : 2 };
      return { type: 'line', ...place, ...look, token: 2 + i };
    });
    // Draws the way of the ball last, over the other tubes.
    lines.sort((a, b) => a.width! - b.width!);
    const floor = y(0);
    return {
      width: 40 * columns + 8,
      height: floor + 24,
      shapes: [
        ...lines,
        { type: 'circle', x: x(way.at(-1)!), y: floor, radius: 6, fill: palette.goal },
        {
          ...{ type: 'rect', x: x(paddle) - 18, y: floor + 8, width: 36, height: 8 },
          ...{ fill: palette.agent, token: 1 },
        },
        {
          type: 'circle',
          x: x(ball),
          y: y(layer + rows),
          radius: 10,
          fill: palette.warm,
          token: 0,
        },
      ],
    };
  }
}

export const catchBall = defineEnv<CatchOptions>({
  id: 'Catch-v0',
  summary:
    'Catch a ball that falls into tubes, by following them to where it lands; meant for a world that goes on during thoughts.',
  options,
  make: (options) => new Catch(options),
});
