import { RunningStats } from './running-stats.ts';

/** Where the members of a set or a sequence lie in a flat row; those beyond the present ones are padding. */
export interface Members {
  /** The entry with which the first begins. */
  at: number;
  /** The most members. */
  most: number;
  /** Numbers of a member. */
  size: number;
  /** The entry that says how many are present; without it, a member of zeros is padding. */
  lengthAt?: number;
}

/** What stands for a normalized 0, so that no member comes to look like padding. */
export const ALMOST_ZERO = 1e-6;

/** Running statistics of the members of rows: each number of a member has one mean and variance, whatever its place. Padding stays as it is. */
export class MemberStats extends RunningStats {
  constructor(readonly members: Members) {
    super(members.size);
  }

  /** Adds the members that are present in `count` rows. */
  override update(rows: ArrayLike<number>, count: number): void {
    const stride = rows.length / count;
    const member = new Float64Array(this.size);
    for (let i = 0; i < count; i++) {
      for (const from of this.#present(rows, i * stride)) {
        super.update(
          member.map((_, k) => rows[from + k]),
          1,
        );
      }
    }
  }

  /** Normalizes the members that are present in a row, each as `RunningStats` does; what becomes 0 is 0.000001 instead. */
  override normalize(row: Float32Array, offset = 0, clip = 10): void {
    for (const from of this.#present(row, offset)) {
      super.normalize(row, from, clip);
      for (let i = from; i < from + this.size; i++) row[i] ||= ALMOST_ZERO;
    }
  }

  /** Where each present member begins. */
  *#present(row: ArrayLike<number>, offset: number): Generator<number> {
    const { at, most, size, lengthAt } = this.members;
    const count = lengthAt === undefined ? most : row[offset + lengthAt];
    for (let i = 0; i < count; i++) {
      const from = offset + at + i * size;
      if (lengthAt !== undefined || !isZero(row, from, size)) yield from;
    }
  }
}

function isZero(row: ArrayLike<number>, from: number, size: number): boolean {
  for (let i = from; i < from + size; i++) if (row[i] !== 0) return false;
  return true;
}
