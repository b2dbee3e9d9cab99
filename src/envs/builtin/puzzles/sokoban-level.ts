import type { Rng } from '../../../kernels/index.ts';
import { neighbor } from '../maze-grid.ts';
import { type Position, SokobanSolution } from './sokoban-solution.ts';

/** What a level is drawn by. */
export interface LevelOptions {
  size: number;
  boxes: number;
  minPushes: number;
  maxPushes: number;
}

/** A level: 1 at walls [size²], where the boxes belong (ascending), how it begins and how it is solved. */
export interface Level {
  walls: number[];
  goals: number[];
  start: Position;
  solution: SokobanSolution;
}

const most = 1_000;

/**
 * Draws a level that can be solved. A room is carved by a random walk, as Racanière et al. do (2017, arXiv 1707.06203; gym-sokoban), and
 * goals are uniform in it. All positions that solve it are found from its end backward; then the pushes are uniform among those that there are
 * in minPushes..maxPushes, and the start is uniform among the positions that take so many.
 *
 * @throws Error where none of 1,000 rooms takes as many pushes as asked for
 */
export function drawLevel(options: LevelOptions, rng: Rng): Level {
  const { size, boxes, minPushes, maxPushes } = options;
  for (let room = 0; room < most; room++) {
    const walls = carvedRoom(size, rng);
    const floor = [...walls.keys()].filter((cell) => !walls[cell]);
    if (floor.length <= boxes) continue;
    const goals = rng.shuffle(floor).slice(0, boxes);
    goals.sort((a, b) => a - b);
    const solution = new SokobanSolution(size, walls, goals);
    const farthest = Math.min(maxPushes, solution.layers.length - 1);
    if (farthest < minPushes) continue;
    const layer = solution.layers[minPushes + rng.int(farthest - minPushes + 1)];
    const position = layer[rng.int(layer.length)];
    const places = solution.walkable(position);
    const start = { boxes: position.boxes, player: places[rng.int(places.length)] };
    return { walls, goals, start, solution };
  }
  const asked = `${size} × ${size} cells and ${boxes} ${boxes === 1 ? 'box' : 'boxes'}`;
  throw new Error(
    `Sokoban-v0: options.minPushes: expected as many as some level of ${asked} takes, got ${minPushes}: none of ${most} rooms does`,
  );
}

/** Cells that a step of the walk carves, as (row, column) from its own: a line of three, an L or a square. */
const pieces = [
  [[0, -1], [0, 1]],
  [[-1, 0], [1, 0]],
  [[0, -1], [1, 0]],
  [[0, -1], [1, -1], [1, 0]],
  [[0, 1], [1, 0]],
]; // biome-ignore format: a piece a line

/** A room that a random walk has carved, until a half to three quarters of it are floor: 1 at walls [size²]. */
function carvedRoom(size: number, rng: Rng): number[] {
  const walls: number[] = Array(size * size).fill(1);
  const asked = size * size * rng.uniform(0.5, 0.75);
  let cell = rng.int(size * size);
  let direction = rng.int(4);
  let floor = 0;
  const carve = (at: number) => {
    floor += walls[at];
    walls[at] = 0;
  };
  while (floor < asked) {
    if (rng.float() < 0.35) direction = rng.int(4);
    const next = neighbor(size, cell, direction);
    if (next >= 0) cell = next;
    carve(cell);
    for (const [down, right] of pieces[rng.int(pieces.length)]) {
      const [row, column] = [Math.floor(cell / size) + down, (cell % size) + right];
      const inside = row >= 0 && row < size && column >= 0 && column < size;
      if (inside) carve(row * size + column);
    }
  }
  return walls;
}
