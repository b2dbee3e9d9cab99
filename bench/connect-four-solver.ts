const [ROWS, COLUMNS, LENGTH] = [6, 7, 4];
const CELLS = ROWS * COLUMNS;
/** Columns from the middle, through which the most lines go. */
const ORDER = [3, 2, 4, 1, 5, 0, 6];
/** Positions that are remembered. */
const REMEMBERED = 1 << 20;

/** What is known of a position's value. */
const [EXACT, AT_LEAST, AT_MOST] = [0, 1, 2];

/** The lines of four cells, cells counted column by column from below. */
const LINES = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
].flatMap(([across, up]) =>
  Array.from({ length: CELLS }, (_, at) => [Math.floor(at / ROWS), at % ROWS])
    .map(([column, row]) =>
      Array.from({ length: LENGTH }, (_, i) => [column + i * across, row + i * up]),
    )
    .filter((line) => line.every(([c, r]) => c < COLUMNS && r >= 0 && r < ROWS))
    .map((line) => line.map(([c, r]) => c * ROWS + r)),
);
/** The lines through each cell [42]. */
const THROUGH = Array.from({ length: CELLS }, (_, cell) =>
  Uint8Array.from([...LINES.keys()].filter((line) => LINES[line].includes(cell))),
);

/**
 * Connect Four solved exactly: alpha-beta search with a transposition table. Quick where twenty stones or more are on the board.
 *
 * The value of a position, for who is to move, is 0 for a draw and otherwise ±(43 − stones on the board at the end), where the winner hurries and the
 * loser delays: the sooner, the higher.
 */
export class ConnectFourSolver {
  readonly #heights = new Int8Array(COLUMNS);
  /** Stones of each player in each line [2][69]. */
  readonly #counts = [new Int8Array(LINES.length), new Int8Array(LINES.length)];
  #stones = 0;
  /**
   * The position as a number of 49 bits: of each column 1 for each stone of who began, 0 for each of the other, and a 1 above them.
   */
  #key = 0;
  readonly #keys = new Float64Array(REMEMBERED).fill(-1);
  readonly #values = new Int8Array(REMEMBERED);
  readonly #known = new Uint8Array(REMEMBERED);

  /**
   * The value of each legal move for who is to move.
   * @param moves columns from 0, from an empty board; nobody has won
   */
  moveValues(moves: readonly number[]): Map<number, number> {
    this.#set(moves);
    const values = new Map<number, number>();
    for (let column = 0; column < COLUMNS; column++) {
      if (this.#heights[column] === ROWS) continue;
      const wins = this.#wins(column, this.#stones % 2);
      this.#play(column);
      const most = CELLS + 1;
      values.set(column, wins ? most - this.#stones : -this.#search(-most, most));
      this.#undo(column);
    }
    return values;
  }

  #set(moves: readonly number[]): void {
    this.#heights.fill(0);
    for (const counts of this.#counts) counts.fill(0);
    this.#stones = 0;
    this.#key = Array.from({ length: COLUMNS }, (_, c) => 2 ** (c * (ROWS + 1))).reduce(
      (a, b) => a + b,
    );
    for (const column of moves) this.#play(column);
  }

  #play(column: number): void {
    const player = this.#stones++ % 2;
    const height = this.#heights[column]++;
    const counts = this.#counts[player];
    for (const line of THROUGH[column * ROWS + height]) counts[line]++;
    this.#key += 2 ** (column * (ROWS + 1) + height) * (2 - player);
  }

  #undo(column: number): void {
    const player = --this.#stones % 2;
    const height = --this.#heights[column];
    const counts = this.#counts[player];
    for (const line of THROUGH[column * ROWS + height]) counts[line]--;
    this.#key -= 2 ** (column * (ROWS + 1) + height) * (2 - player);
  }

  /** Whether a player's stone there makes a line. */
  #wins(column: number, player: number): boolean {
    const height = this.#heights[column];
    if (height === ROWS) return false;
    const counts = this.#counts[player];
    for (const line of THROUGH[column * ROWS + height]) {
      if (counts[line] === LENGTH - 1) return true;
    }
    return false;
  }

  /** The columns that are not full, first those where a stone does the most for a player's lines and against the other's. */
  #promising(player: number): number[] {
    const [own, others] = [this.#counts[player], this.#counts[1 - player]];
    const columns: number[] = [];
    const scores: number[] = [];
    for (const column of ORDER) {
      const height = this.#heights[column];
      if (height === ROWS) continue;
      let score = 0;
      for (const line of THROUGH[column * ROWS + height]) {
        if (others[line] === 0) score += 4 ** own[line];
        else if (own[line] === 0) score += 4 ** others[line] - 1;
      }
      let at = columns.length;
      for (; at > 0 && scores[at - 1] < score; at--) {
        columns[at] = columns[at - 1];
        scores[at] = scores[at - 1];
      }
      columns[at] = column;
      scores[at] = score;
    }
    return columns;
  }

  /** The value, where it lies between both; otherwise a bound beyond the one that it is beyond. */
  #search(alpha: number, beta: number): number {
    if (this.#stones === CELLS) return 0;
    const player = this.#stones % 2;
    const now = CELLS + 1 - this.#stones;
    let threat = -1;
    for (let column = 0; column < COLUMNS; column++) {
      if (this.#wins(column, player)) return now - 1;
      if (!this.#wins(column, 1 - player)) continue;
      // Two at once cannot be parried.
      if (threat >= 0) threat = COLUMNS;
      else threat = column;
    }
    if (threat === COLUMNS) return 2 - now;
    // The soonest that each can win now.
    const [least, most] = [Math.min(0, 2 - now), Math.max(0, now - 3)];
    if (alpha < least) alpha = least;
    if (beta > most) beta = most;
    if (alpha >= beta) return alpha;
    const place = this.#key % REMEMBERED;
    if (this.#keys[place] === this.#key) {
      const [value, known] = [this.#values[place], this.#known[place]];
      if (known === EXACT) return value;
      if (known === AT_LEAST && value > alpha) alpha = value;
      if (known === AT_MOST && value < beta) beta = value;
      if (alpha >= beta) return value;
    }
    const from = alpha;
    let best = -Infinity;
    for (const column of threat >= 0 ? [threat] : this.#promising(player)) {
      this.#play(column);
      const value = -this.#search(-beta, -alpha);
      this.#undo(column);
      if (value > best) best = value;
      if (value > alpha) alpha = value;
      if (alpha >= beta) break;
    }
    this.#keys[place] = this.#key;
    this.#values[place] = best;
    this.#known[place] = best >= beta ? AT_LEAST : best <= from ? AT_MOST : EXACT;
    return best;
  }
}
