import type { Rng } from '../../kernels/index.ts';

/** North, east, south, west as (row, column) steps; the opposite of `d` is `(d + 2) % 4`. */
const directions = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
] as const;

/** The cell next to `cell` (row · size + column), or −1 beyond the edge. */
export function neighbor(size: number, cell: number, direction: number): number {
  const row = Math.floor(cell / size) + directions[direction][0];
  const column = (cell % size) + directions[direction][1];
  return row < 0 || row >= size || column < 0 || column >= size ? -1 : row * size + column;
}

/**
 * The walls of a perfect maze: a uniform spanning tree of the grid by Wilson's algorithm
 * (loop-erased random walks, STOC 1996).
 *
 * @returns 0 or 1 per side, [size² cells, 4 directions]
 */
export function perfectMaze(size: number, rng: Rng): number[] {
  const walls: number[] = Array(size * size * 4).fill(1);
  const inTree: boolean[] = Array(size * size).fill(false);
  const exit: number[] = Array(size * size).fill(0);
  inTree[rng.int(size * size)] = true;
  for (let start = 0; start < size * size; start++) {
    // Keeping only the last exit from each cell erases the loops.
    for (let cell = start; !inTree[cell]; ) {
      const direction = rng.int(4);
      const next = neighbor(size, cell, direction);
      if (next < 0) continue;
      exit[cell] = direction;
      cell = next;
    }
    for (let cell = start; !inTree[cell]; ) {
      inTree[cell] = true;
      for (const side of bothSides(size, cell, exit[cell])) walls[side] = 0;
      cell = neighbor(size, cell, exit[cell]);
    }
  }
  return walls;
}

/** The number of steps from each cell to `goal`, [size²]; −1 where there is no way. */
export function distancesTo(size: number, walls: readonly number[], goal: number): number[] {
  const distances: number[] = Array(size * size).fill(-1);
  distances[goal] = 0;
  const queue = [goal];
  for (const cell of queue) {
    for (let direction = 0; direction < 4; direction++) {
      if (walls[cell * 4 + direction]) continue;
      const next = neighbor(size, cell, direction);
      if (distances[next] >= 0) continue;
      distances[next] = distances[cell] + 1;
      queue.push(next);
    }
  }
  return distances;
}

/** The sides of a passage or wall between two cells, as indices of [size² cells, 4 directions]: seen from the one, and from the other. */
export function bothSides(size: number, cell: number, direction: number): [number, number] {
  return [cell * 4 + direction, neighbor(size, cell, direction) * 4 + ((direction + 2) % 4)];
}
