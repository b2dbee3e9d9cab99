/**
 * A way to look at the positions of a game that changes none of its rules, such as in a mirror: number i of an observation is then number
 * `observation[i]` of it, and action i, counted from the first, is action `actions[i]`.
 */
export interface Symmetry {
  readonly observation: readonly number[];
  readonly actions: readonly number[];
}

/** The ways to turn and to mirror a square board; the first changes nothing. @param others actions that are no cells, which stay */
export function squareSymmetries(size: number, others = 0): Symmetry[] {
  const turned = (cells: readonly number[]) =>
    cells.map((_, at) => cells[(at % size) * size + size - 1 - Math.floor(at / size)]);
  const seen = [...Array(size * size).keys()];
  const mirror = mirrored(size, size);
  const cells = [seen, turned(seen), turned(turned(seen)), turned(turned(turned(seen)))];
  return cells
    .flatMap((way) => [way, mirror.map((at) => way[at])])
    .map((observation) => {
      const rest = Array.from({ length: others }, (_, i) => size * size + i);
      return { observation, actions: [...observation, ...rest] };
    });
}

/** The cells of a board, row by row, in a mirror on its side. */
export function mirrored(rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const column = at % columns;
    return at - column + columns - 1 - column;
  });
}
