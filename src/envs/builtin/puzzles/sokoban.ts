import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { palette } from '../../common/palette.ts';
import type { Drawing, Info, Shape } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { MultiDiscrete } from '../../spaces/multi-discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';
import { neighbor } from '../maze-grid.ts';
import { drawLevel } from './sokoban-level.ts';
import { moved, SokobanSolution } from './sokoban-solution.ts';

const options = z
  .strictObject({
    size: z
      .int()
      .min(4)
      .max(10)
      .default(6)
      .describe('Cells on each side of the square; what is beyond them is wall.'),
    boxes: z.int().min(1).max(3).default(1).describe('Boxes, and goals for them.'),
    maxSteps: z
      .int()
      .min(1)
      .default(120)
      .describe('Environment steps after which an episode is truncated.'),
    minPushes: z
      .int()
      .min(1)
      .default(1)
      .describe('Least pushes that solve the level from its start.'),
    maxPushes: z
      .int()
      .min(1)
      .optional()
      .describe('Most pushes that the start needs. Without it, there is no bound.'),
    progressReward: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Reward added for a push of a shortest solution and subtracted for one that makes the rest longer or impossible; 0 turns it off.',
      ),
  })
  .refine((o) => o.maxPushes === undefined || o.minPushes <= o.maxPushes, {
    path: ['maxPushes'],
    error: 'expected at least minPushes',
  });

export type SokobanOptions = z.infer<typeof options>;

interface State {
  /** 1 at walls [size²]. */
  walls: number[];
  /** Where the boxes belong, and where they are: cells, ascending. */
  goals: number[];
  boxes: number[];
  player: number;
}

/** What a cell shows, numbered as in gym-sokoban; the last one as in its tiny worlds. */
const kinds = { wall: 0, floor: 1, goal: 2, boxOnGoal: 3, box: 4, player: 5, playerOnGoal: 6 };

/**
 * ## Description
 * Push boxes to their goals. A box can be pushed by a step into it, if the cell behind it is free, and never be pulled: one in a corner
 * stays there, so that a wrong push cannot be made up for. The rules are those of gym-sokoban (Racanière et al. 2017,
 * arXiv 1707.06203), whose sides count the walls around: its 8 are 6 here.
 *
 * ## Action Space
 * `Discrete(4)`: 0 north, 1 east, 2 south, 3 west. A step into a wall, or a push that is not possible, stays in place.
 *
 * ## Observation Space
 * `MultiDiscrete`, shape [size, size], 7 values: row (from north), column (from west). 0 wall, 1 floor, 2 goal, 3 box on a goal, 4 box,
 * 5 player, 6 player on a goal.
 *
 * ## Rewards
 * A tenth of gym-sokoban's: −0.01 for each step, 0.1 for a box that comes onto a goal, −0.1 for one that leaves a goal, 1 when all
 * boxes are on goals; in addition `progressReward`, as it says.
 *
 * ## Starting State
 * A room carved by a random walk, with goals at random cells of it. Its fewest pushes are uniform among those there are in
 * minPushes..maxPushes; boxes and player are uniform among the positions that take so many, so that every level can be solved.
 *
 * `info.difficulty` is the fewest pushes that are left. A position that cannot be solved any more has none, and `info.metrics.dead` is
 * true beside a step into one.
 *
 * ## Episode End
 * Terminates when all boxes are on goals, with `info.success` true; truncates after `maxSteps`.
 *
 * ## Demonstrations
 * `info.demonstration` is a move of a solution of fewest pushes, by the shortest walk to its next one; none where there is no solution.
 *
 * ## Arguments
 * `size` = 6, `boxes` = 1, `maxSteps` = 120, `minPushes` = 1, `maxPushes` = any, `progressReward` = 0.
 *
 * ## Version History
 * - v0: first version.
 */
export class Sokoban extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace: MultiDiscrete;
  readonly actionSpace = new Discrete(4);
  readonly #options: SokobanOptions;
  /** Of the present level. It follows from the level, so that snapshots are small without it. */
  #solution?: { of: string; solution: SokobanSolution };

  constructor(options: SokobanOptions) {
    super('Sokoban-v0', options.maxSteps);
    const { size } = options;
    this.#options = options;
    const nvec = Array(size * size).fill(Object.keys(kinds).length);
    this.observationSpace = new MultiDiscrete(nvec, { shape: [size, size] });
  }

  protected begin(rng: Rng): State {
    const { maxPushes = Number.POSITIVE_INFINITY } = this.#options;
    const { walls, goals, start, solution } = drawLevel({ ...this.#options, maxPushes }, rng);
    this.#solution = { of: levelKey({ walls, goals }), solution };
    return { walls, goals, boxes: [...start.boxes], player: start.player };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const { walls, boxes, player } = state;
    const to = neighbor(this.#options.size, player, action);
    const isFree = (cell: number) => cell >= 0 && !walls[cell] && !boxes.includes(cell);
    if (isFree(to)) return outcome({ ...state, player: to });
    const behind = to < 0 ? -1 : neighbor(this.#options.size, to, action);
    if (!boxes.includes(to) || !isFree(behind)) return outcome(state);
    const after = { ...state, boxes: moved(boxes, to, behind), player: to };
    const pushed = outcome(after);
    pushed.reward += 0.1 * (onGoals(after) - onGoals(state));
    pushed.reward += this.#options.progressReward * this.#progress(state, after);
    return pushed;
  }

  /** 1 for a push that leaves fewer, −1 for one that leaves as many or more, or no solution; 0 where there was none before. */
  #progress(before: State, after: State): number {
    const solution = this.#solved(before);
    const left = solution.pushesLeft(before);
    if (left === undefined) return 0;
    return (solution.pushesLeft(after) ?? Number.POSITIVE_INFINITY) < left ? 1 : -1;
  }

  protected observe({ walls, goals, boxes, player }: State): Int32Array {
    const obs = Int32Array.from(walls, (wall) => (wall ? kinds.wall : kinds.floor)); // [size, size]
    for (const cell of goals) obs[cell] = kinds.goal;
    for (const cell of boxes) obs[cell] = goals.includes(cell) ? kinds.boxOnGoal : kinds.box;
    obs[player] = goals.includes(player) ? kinds.playerOnGoal : kinds.player;
    return obs;
  }

  protected override describe(state: State): Info {
    const solution = this.#solved(state);
    const difficulty = solution.pushesLeft(state);
    const metrics = { dead: difficulty === undefined };
    if (difficulty === undefined) return { metrics };
    const demonstration = solution.bestMove(state);
    return { difficulty, metrics, ...(demonstration !== undefined && { demonstration }) };
  }

  #solved(state: State): SokobanSolution {
    const { walls, goals } = state;
    const of = levelKey(state);
    if (this.#solution?.of !== of) {
      this.#solution = { of, solution: new SokobanSolution(this.#options.size, walls, goals) };
    }
    return this.#solution.solution;
  }

  /** The room from above: goals are outlined, boxes are squares, the player is a disc. */
  protected draw(state: State): Drawing {
    const { size } = this.#options;
    const { floor, wall } = { floor: palette.paper, wall: palette.ink };
    const shapes: Shape[] = [];
    this.observe(state).forEach((kind, token) => {
      const [x, y] = [4 + 40 * (token % size), 4 + 40 * Math.floor(token / size)];
      const fill = kind === kinds.wall ? wall : floor;
      shapes.push({ type: 'rect', x, y, width: 40, height: 40, fill, token });
      const disc = { type: 'circle', x: x + 20, y: y + 20 } as const;
      const box = { type: 'rect', x: x + 6, y: y + 6, width: 28, height: 28 } as const;
      if (state.goals.includes(token)) shapes.push({ ...disc, radius: 18, fill: palette.goal });
      if (kind === kinds.box || kind === kinds.boxOnGoal)
        shapes.push({ ...box, fill: palette.warm });
      if (token === state.player) shapes.push({ ...disc, radius: 12, fill: palette.agent });
    });
    return { width: 40 * size + 8, height: 40 * size + 8, shapes };
  }
}

/** What a step costs, and what a solved level earns. */
function outcome(state: State): Outcome<State> {
  const success = onGoals(state) === state.goals.length;
  return { state, reward: -0.01 + Number(success), terminated: success, success };
}

function onGoals({ boxes, goals }: State): number {
  return boxes.filter((box) => goals.includes(box)).length;
}

function levelKey({ walls, goals }: Pick<State, 'walls' | 'goals'>): string {
  return `${walls.join('')} ${goals}`;
}

export const sokoban = defineEnv<SokobanOptions>({
  id: 'Sokoban-v0',
  summary:
    'Push boxes to their goals in a random room that is seen whole; a wrong push is for good.',
  options,
  make: (options) => new Sokoban(options),
});
