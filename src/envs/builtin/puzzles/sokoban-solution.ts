import { neighbor } from '../maze-grid.ts';

/** Where the boxes are, ascending, and the player; cells are row · size + column. */
export interface Position {
  boxes: readonly number[];
  player: number;
}

/**
 * All positions of a level from which it can be solved, by the fewest pushes that each takes: a breadth-first search from the solved
 * positions by pulls, which are pushes backward. Positions that differ only in where the player can walk are one.
 */
export class SokobanSolution {
  /** One of each set of positions that take so many pushes, [pushes][any]. */
  readonly layers: Position[][] = [];
  readonly #neighbors: Int16Array; // [size², 4], −1 at walls
  readonly #pushes = new Map<number, number>();
  /** Cells that the last `#reach` found, the nearest first, and its mark at each of them. */
  readonly #reached: Int16Array; // [size²]
  readonly #marks: Int32Array; // [size²]
  #mark = 0;
  #boxes = new Uint8Array(0); // [size²], 1 at boxes

  /**
   * Solves a level.
   * @param size cells on each side
   * @param walls 1 at walls [size²]
   * @param goals where the boxes belong, ascending
   */
  constructor(size: number, walls: readonly number[], goals: readonly number[]) {
    const cells = size * size;
    this.#neighbors = Int16Array.from({ length: cells * 4 }, (_, side) => {
      const cell = neighbor(size, side >> 2, side & 3);
      return cell < 0 || walls[cell] || walls[side >> 2] ? -1 : cell;
    });
    this.#reached = new Int16Array(cells);
    this.#marks = new Int32Array(cells);
    this.#boxes = new Uint8Array(cells);
    const isGoal = new Set(goals);
    let layer: Position[] = [];
    for (let player = 0; player < cells; player++) {
      if (!walls[player] && !isGoal.has(player)) this.#find({ boxes: goals, player }, 0, layer);
    }
    while (layer.length > 0) {
      this.layers.push(layer);
      const next: Position[] = [];
      for (const position of layer) this.#pull(position, next);
      layer = next;
    }
  }

  /** The fewest pushes that solve the level from here; undefined where none do. */
  pushesLeft(position: Position): number | undefined {
    return this.#pushes.get(this.#key(position));
  }

  /** The cells to which the player can walk, the nearest first. */
  walkable(position: Position): number[] {
    return Array.from(this.#reached.subarray(0, this.#reach(position)));
  }

  /**
   * The first move of the shortest walk to a push of a shortest solution, or that push: 0 north, 1 east, 2 south, 3 west;
   * undefined where the level is solved or cannot be.
   */
  bestMove(position: Position): number | undefined {
    const pushes = this.pushesLeft(position);
    if (!pushes) return undefined;
    const walks = this.walkable(position);
    const push = walks.find((cell) => this.#bestPush(position, cell, pushes) !== undefined)!;
    if (push === position.player) return this.#bestPush(position, push, pushes);
    // Walks back from the push: of the neighbors of a cell, one that is nearer to the player comes first.
    let to = push;
    for (;;) {
      const from = walks.find((cell) => this.#direction(cell, to) >= 0)!;
      if (from === position.player) return this.#direction(from, to);
      to = from;
    }
  }

  /** The direction of a push from a cell after which so many pushes less one are left. */
  #bestPush({ boxes }: Position, from: number, pushes: number): number | undefined {
    return [0, 1, 2, 3].find((direction) => {
      const box = this.#neighbors[from * 4 + direction];
      const to = boxes.includes(box) ? this.#neighbors[box * 4 + direction] : -1;
      if (to < 0 || boxes.includes(to)) return false;
      return this.pushesLeft({ boxes: moved(boxes, box, to), player: box }) === pushes - 1;
    });
  }

  #direction(from: number, to: number): number {
    return this.#neighbors.subarray(from * 4, from * 4 + 4).indexOf(to);
  }

  /** The positions one pull away that are new. */
  #pull({ boxes, player }: Position, into: Position[]): void {
    const pushes = this.layers.length;
    this.#reach({ boxes, player });
    const pulls: Position[] = [];
    for (const box of boxes) {
      for (let direction = 0; direction < 4; direction++) {
        const to = this.#neighbors[box * 4 + direction];
        if (to < 0 || this.#marks[to] !== this.#mark) continue;
        const behind = this.#neighbors[to * 4 + direction];
        if (behind < 0 || this.#boxes[behind]) continue;
        pulls.push({ boxes: moved(boxes, box, to), player: behind });
      }
    }
    for (const pull of pulls) this.#find(pull, pushes, into);
  }

  #find(position: Position, pushes: number, into: Position[]): void {
    const key = this.#key(position);
    if (this.#pushes.has(key)) return;
    this.#pushes.set(key, pushes);
    into.push(position);
  }

  /** The boxes and the first of the cells to which the player can walk, as a number. */
  #key(position: Position): number {
    const count = this.#reach(position);
    let first = this.#reached[0];
    for (let i = 1; i < count; i++) first = Math.min(first, this.#reached[i]);
    return position.boxes.reduce((key, box) => key * this.#marks.length + box, first);
  }

  /** Finds the cells to which the player can walk; returns how many. */
  #reach({ boxes, player }: Position): number {
    const mark = ++this.#mark;
    this.#boxes.fill(0);
    for (const box of boxes) this.#boxes[box] = 1;
    this.#reached[0] = player;
    this.#marks[player] = mark;
    let count = 1;
    for (let i = 0; i < count; i++) {
      for (let side = this.#reached[i] * 4, end = side + 4; side < end; side++) {
        const next = this.#neighbors[side];
        if (next < 0 || this.#boxes[next] || this.#marks[next] === mark) continue;
        this.#marks[next] = mark;
        this.#reached[count++] = next;
      }
    }
    return count;
  }
}

/** The boxes after one has gone from a cell to another, ascending. */
export function moved(boxes: readonly number[], from: number, to: number): number[] {
  return boxes.map((box) => (box === from ? to : box)).sort((a, b) => a - b);
}
