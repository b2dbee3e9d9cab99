import { MOST_TOKENS } from './reading.ts';

/** A grid cut into square patches of cells. */
export interface Patches {
  /** Patches from top to bottom, and from left to right. */
  extents: [rows: number, columns: number];
  /** Cells along a side of a patch. */
  side: number;
  /** The entry of the array for each number of each patch, patch by patch; a patch beyond the edge repeats the edge. */
  order: number[];
}

/** Cuts a grid [rows, columns] or [rows, columns, numbers] into the smallest patches of which there are at most 512. */
export function patchesOf([rows, columns, numbers = 1]: readonly number[]): Patches {
  let side = 1;
  while (Math.ceil(rows / side) * Math.ceil(columns / side) > MOST_TOKENS) side++;
  const extents: [number, number] = [Math.ceil(rows / side), Math.ceil(columns / side)];
  const order: number[] = [];
  for (let patch = 0; patch < extents[0] * extents[1]; patch++) {
    const top = side * Math.floor(patch / extents[1]);
    const left = side * (patch % extents[1]);
    for (let cell = 0; cell < side * side; cell++) {
      const row = Math.min(top + Math.floor(cell / side), rows - 1);
      const column = Math.min(left + (cell % side), columns - 1);
      for (let i = 0; i < numbers; i++) order.push((row * columns + column) * numbers + i);
    }
  }
  return { extents, side, order };
}
