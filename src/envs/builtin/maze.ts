import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Info, Shape } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { Discrete } from '../spaces/discrete.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';
import { bothSides, distancesTo, neighbor, perfectMaze } from './maze-grid.ts';

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
    doors: z
      .int()
      .min(0)
      .default(0)
      .describe(
        'Passages with a door that closes for good behind who goes through, so that a wrong turn cannot be made up for; of the size² − 1 that there are.',
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
  })
  .refine((o) => o.doors < o.size ** 2, {
    path: ['doors'],
    error: 'expected at most size² − 1, the passages that there are',
  });

export type MazeOptions = z.infer<typeof options>;

interface State {
  /** 0 or 1 per side, [size² cells, 4 directions]. */
  walls: number[];
  /** 0 or 1 per side, as walls: doors that are open. */
  doors: number[];
  /** Steps from each cell to the goal, [size²]; −1 where there is no way any more. */
  distances: number[];
  agent: number;
  goal: number;
}

/**
 * ## Description
 * Walk to the goal of a maze that is visible as a whole. Each episode draws a perfect maze (exactly one
 * way between any two cells), uniformly among all mazes of its size. Behind who goes through a door, it becomes a wall.
 *
 * ## Action Space
 * `Discrete(4)`: 0 north, 1 east, 2 south, 3 west. Walking into a wall stays in place.
 *
 * ## Observation Space
 * `Box(0, 1)`, float32, shape [size, size, 6], or with doors [size, size, 10]: row (from north), column (from west), channel.
 *
 * | Channel | 1 where                                              |
 * |---------|------------------------------------------------------|
 * | 0–3     | the cell has a wall to its north, east, south, west  |
 * | 4       | the agent is here                                    |
 * | 5       | the goal is here                                     |
 * | 6–9     | there is an open door to its north, east, south, west |
 *
 * ## Rewards
 * 1 for reaching the goal, `stepReward` for every other step; in addition `progressReward` for a step
 * towards the goal and −`progressReward` for a step away from it, so that walking in circles earns 0.
 *
 * ## Starting State
 * The goal is a uniformly random cell. The start is uniform among the cells whose distance to the goal
 * is in minDistance..maxDistance (if all are nearer than minDistance, among the farthest). Doors are uniform among the passages; none can
 * close the way from the start, which goes through each once.
 *
 * `info.difficulty` is the present distance from the agent to the goal. Behind a door that closed between them there is none, and
 * with doors `info.metrics.dead` is true beside a step there.
 *
 * ## Episode End
 * Terminates at the goal, with `info.success` true; truncates after `maxSteps`.
 *
 * ## Demonstrations
 * `info.demonstration` is the step of the way to the goal; none where there is no way.
 *
 * ## Arguments
 * `size` = 4, `maxSteps` = 4·size², `minDistance` = 1, `maxDistance` = any, `stepReward` = −0.01,
 * `progressReward` = 0, `doors` = 0, `mask` = false (true: `info.actionMask` forbids walls).
 *
 * ## Version History
 * - v0: first version.
 */
export class Maze extends EpisodicEnv<Float32Array, number, State> {
  readonly observationSpace: Box;
  readonly actionSpace = new Discrete(4);
  readonly #options: MazeOptions;

  constructor(options: MazeOptions) {
    const { size, doors, maxSteps = 4 * size * size } = options;
    super('Maze-v0', maxSteps);
    this.#options = options;
    this.observationSpace = new Box({ shape: [size, size, doors ? 10 : 6], low: 0, high: 1 });
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
    const agent = starts[rng.int(starts.length)];
    return { walls, doors: this.#placeDoors(walls, rng), distances, agent, goal };
  }

  #placeDoors(walls: readonly number[], rng: Rng): number[] {
    const { size, doors: count } = this.#options;
    const doors: number[] = Array(walls.length).fill(0);
    if (count === 0) return doors;
    // Each passage once, by its side to the east or south.
    const passages = [...walls.keys()].filter((side) => !walls[side] && [1, 2].includes(side % 4));
    for (const passage of rng.shuffle(passages).slice(0, count)) {
      for (const side of bothSides(size, passage >> 2, passage % 4)) doors[side] = 1;
    }
    return doors;
  }

  protected advance(state: State, action: number): Outcome<State> {
    const { size, stepReward, progressReward } = this.#options;
    const side = state.agent * 4 + action;
    const agent = state.walls[side] ? state.agent : neighbor(size, state.agent, action);
    const after = state.doors[side] ? this.#close(state, action) : state;
    const success = agent === state.goal;
    const progress = state.distances[state.agent] - state.distances[agent];
    const reward = (success ? 1 : stepReward) + progressReward * progress;
    return { state: { ...after, agent }, reward, terminated: success, success };
  }

  /** The door in this direction becomes a wall. */
  #close(state: State, direction: number): State {
    const { size } = this.#options;
    const [walls, doors] = [[...state.walls], [...state.doors]];
    for (const side of bothSides(size, state.agent, direction)) [walls[side], doors[side]] = [1, 0];
    return { ...state, walls, doors, distances: distancesTo(size, walls, state.goal) };
  }

  protected observe({ walls, doors, agent, goal }: State): Float32Array {
    const obs = new Float32Array(this.observationSpace.size); // [size, size, 6 or 10]
    const channels = this.observationSpace.shape[2];
    for (let side = 0; side < walls.length; side++) {
      const cell = Math.floor(side / 4) * channels;
      obs[cell + (side % 4)] = walls[side];
      if (doors[side]) obs[cell + 6 + (side % 4)] = 1;
    }
    obs[agent * channels + 4] = 1;
    obs[goal * channels + 5] = 1;
    return obs;
  }

  protected override describe({ walls, distances, agent }: State): Info {
    const isDead = distances[agent] < 0;
    const info: Info = isDead ? {} : { difficulty: distances[agent] };
    if (distances[agent] > 0) info.demonstration = this.#onward(walls, distances, agent);
    if (this.#options.doors > 0) info.metrics = { dead: isDead };
    if (this.#options.mask) {
      const open = walls.slice(agent * 4, agent * 4 + 4).map((wall) => 1 - wall);
      // Where a door has closed a cell off, no step leads anywhere.
      info.actionMask = open.includes(1) ? open : [1, 1, 1, 1];
    }
    return info;
  }

  /** The direction of a step nearer to the goal. */
  #onward(walls: readonly number[], distances: readonly number[], cell: number): number {
    const { size } = this.#options;
    return [0, 1, 2, 3].find(
      (direction) =>
        !walls[cell * 4 + direction] &&
        distances[neighbor(size, cell, direction)] === distances[cell] - 1,
    )!;
  }

  /** The maze, with dots along the way to the goal, and open doors in another color. */
  protected draw({ walls, doors, distances, agent, goal }: State): Drawing {
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
      cell = neighbor(size, cell, this.#onward(walls, distances, cell));
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
      if (!(wall || doors[side]) || twice) return [];
      const [x1, y1] = corners[direction];
      const [x2, y2] = corners[(direction + 1) % 4];
      const place = { x1: x(cell) + x1, y1: y(cell) + y1, x2: x(cell) + x2, y2: y(cell) + y2 };
      return [{ type: 'line', ...place, stroke: wall ? palette.ink : palette.warm, width: 3 }];
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
