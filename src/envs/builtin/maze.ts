import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Info, Shape } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { Discrete } from '../spaces/discrete.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';
import { distancesTo, neighbor, perfectMaze } from './maze-grid.ts';

const options = z
  .strictObject({
    size: z.int().min(2).max(64).default(4).describe('Cells on each side of the square.'),
    maxSteps: z
      .int()
      .min(1)
      .optional()
      .describe('Environment steps after which an episode is truncated. Without it: 4 · size².'),
    minDistance: z
      .int()
      .min(1)
      .default(1)
      .describe('Least steps on the shortest way from start to goal.'),
    maxDistance: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Most steps on the shortest way from start to goal. Without it, there is no bound.',
      ),
    stepReward: z
      .number()
      .default(-0.01)
      .describe('Reward of each step that does not reach the goal; the goal itself gives 1.'),
    progressReward: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Reward added for a step towards the goal and subtracted for a step away from it; 0 turns it off.',
      ),
    mask: z
      .boolean()
      .default(false)
      .describe(
        'true: info.actionMask forbids steps into walls. false: such a step is allowed and stays in place.',
      ),
  })
  .refine((o) => o.maxDistance === undefined || o.minDistance <= o.maxDistance, {
    path: ['maxDistance'],
    error: 'expected at least minDistance',
  });

export type MazeOptions = z.infer<typeof options>;

interface State {
  /** 0 or 1 per side, [size² cells, 4 directions]. */
  walls: number[];
  /** Steps from each cell to the goal, [size²]. */
  distances: number[];
  agent: number;
  goal: number;
}

/**
 * ## Description
 * Walk to the goal of a maze that is visible as a whole. Each episode draws a perfect maze (exactly one
 * way between any two cells), uniformly among all mazes of its size.
 *
 * ## Action Space
 * `Discrete(4)`: 0 north, 1 east, 2 south, 3 west. Walking into a wall stays in place.
 *
 * ## Observation Space
 * `Box(0, 1)`, float32, shape [size, size, 6]: row (from north), column (from west), channel.
 *
 * | Channel | 1 where                                             |
 * |---------|-----------------------------------------------------|
 * | 0–3     | the cell has a wall to its north, east, south, west |
 * | 4       | the agent is here                                   |
 * | 5       | the goal is here                                    |
 *
 * ## Rewards
 * 1 for reaching the goal, `stepReward` for every other step; in addition `progressReward` for a step
 * towards the goal and −`progressReward` for a step away from it, so that walking in circles earns 0.
 *
 * ## Starting State
 * The goal is a uniformly random cell. The start is uniform among the cells whose distance to the goal
 * is in minDistance..maxDistance (if all are nearer than minDistance, among the farthest).
 * `info.difficulty` is the present distance from the agent to the goal.
 *
 * ## Episode End
 * Terminates at the goal, with `info.success` true; truncates after `maxSteps`.
 *
 * ## Arguments
 * `size` = 4, `maxSteps` = 4·size², `minDistance` = 1, `maxDistance` = any, `stepReward` = −0.01,
 * `progressReward` = 0, `mask` = false (true: `info.actionMask` forbids walls).
 *
 * ## Version History
 * - v0: first version.
 */
export class Maze extends EpisodicEnv<Float32Array, number, State> {
  readonly observationSpace: Box;
  readonly actionSpace = new Discrete(4);
  readonly #options: MazeOptions;

  constructor(options: MazeOptions) {
    const { size, maxSteps = 4 * size * size } = options;
    super('Maze-v0', maxSteps);
    this.#options = options;
    this.observationSpace = new Box({ shape: [size, size, 6], low: 0, high: 1 });
  }

  protected begin(rng: Rng): State {
    const { size, minDistance, maxDistance = Number.POSITIVE_INFINITY } = this.#options;
    const walls = perfectMaze(size, rng);
    const goal = rng.int(size * size);
    const distances = distancesTo(size, walls, goal);
    const least = Math.min(minDistance, Math.max(...distances));
    const starts = [...distances.keys()].filter(
      (cell) => distances[cell] >= least && distances[cell] <= maxDistance,
    );
    return { walls, distances, agent: starts[rng.int(starts.length)], goal };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const blocked = state.walls[state.agent * 4 + action];
    const agent = blocked ? state.agent : neighbor(this.#options.size, state.agent, action);
    const success = agent === state.goal;
    const progress = state.distances[state.agent] - state.distances[agent];
    const { stepReward, progressReward } = this.#options;
    const reward = (success ? 1 : stepReward) + progressReward * progress;
    return { state: { ...state, agent }, reward, terminated: success, success };
  }

  protected observe({ walls, agent, goal }: State): Float32Array {
    const obs = new Float32Array(this.observationSpace.size); // [size, size, 6]
    for (let side = 0; side < walls.length; side++) {
      obs[Math.floor(side / 4) * 6 + (side % 4)] = walls[side];
    }
    obs[agent * 6 + 4] = 1;
    obs[goal * 6 + 5] = 1;
    return obs;
  }

  protected override describe({ walls, distances, agent }: State): Info {
    const info: Info = { difficulty: distances[agent] };
    if (this.#options.mask) {
      info.actionMask = walls.slice(agent * 4, agent * 4 + 4).map((wall) => 1 - wall);
    }
    return info;
  }

  /** The maze, with dots along the way to the goal. */
  protected draw({ walls, distances, agent, goal }: State): Drawing {
    const { size } = this.#options;
    const x = (cell: number) => 4 + 40 * (cell % size);
    const y = (cell: number) => 4 + 40 * Math.floor(cell / size);
    const cells = Array.from({ length: size * size }, (_, cell): Shape => {
      const fill = cell === goal ? palette.goal : palette.paper;
      return { type: 'rect', x: x(cell), y: y(cell), width: 40, height: 40, fill, token: cell };
    });
    const dot = (cell: number, radius: number, fill: string): Shape => ({
      ...{ type: 'circle', x: x(cell) + 20, y: y(cell) + 20, radius, fill },
    });
    const way: Shape[] = [];
    for (let cell = agent; distances[cell] > 1; ) {
      const next = [0, 1, 2, 3]
        .filter((direction) => !walls[cell * 4 + direction])
        .map((direction) => neighbor(size, cell, direction));
      cell = next.find((other) => distances[other] < distances[cell])!;
      way.push(dot(cell, 4, palette.pale));
    }
    const corners = [
      [0, 0],
      [40, 0],
      [40, 40],
      [0, 40],
    ];
    const sides = walls.flatMap((wall, side): Shape[] => {
      const cell = Math.floor(side / 4);
      const direction = side % 4;
      const twice = direction % 3 === 0 && neighbor(size, cell, direction) >= 0;
      // A wall between two cells is drawn once, by the one to its north or west.
      if (!wall || twice) return [];
      const [x1, y1] = corners[direction];
      const [x2, y2] = corners[(direction + 1) % 4];
      const place = { x1: x(cell) + x1, y1: y(cell) + y1, x2: x(cell) + x2, y2: y(cell) + y2 };
      return [{ type: 'line', ...place, stroke: palette.ink, width: 3 }];
    });
    const shapes = [...cells, ...way, dot(agent, 12, palette.agent), ...sides];
    return { width: 40 * size + 8, height: 40 * size + 8, shapes };
  }
}

export const maze = defineEnv<MazeOptions>({
  id: 'Maze-v0',
  summary: 'Walk to the goal of a random perfect maze; the observation shows the whole maze.',
  options,
  make: (options) => new Maze(options),
});
