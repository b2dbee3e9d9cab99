import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { ActionMask, MaskRow, Space } from '../contract/space.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { checkMask } from './masks.ts';
import { leafSchema } from './schema.ts';

/** Float32 rows hold whole numbers exactly up to here. */
const EXACT = 2 ** 24;

/** @throws RangeError unless start..start+n-1 is a range of whole numbers that rows hold exactly */
export function checkRange(owner: string, n: number, start: number): void {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`${owner}: expected n to be a positive integer, got ${describe(n)}`);
  }
  if (!Number.isInteger(start)) {
    throw new RangeError(`${owner}: expected start to be an integer, got ${describe(start)}`);
  }
  if (start < -EXACT || start + n - 1 > EXACT) {
    throw new RangeError(
      `${owner}: expected values in ±2^24, which float32 rows hold exactly, got ${start}..${start + n - 1}`,
    );
  }
}

/** One of the n allowed by the mask from `from` on, uniformly; 0 where it allows none. */
export function chooseAllowed(rng: Rng, n: number, mask?: MaskRow, from = 0): number {
  if (!mask) return rng.int(n);
  let allowed = 0;
  for (let i = 0; i < n; i++) allowed += mask[from + i];
  if (allowed === 0) return 0;
  let skip = rng.int(allowed);
  for (let i = 0; ; i++) if (mask[from + i] === 1 && skip-- === 0) return i;
}

/** The whole numbers start..start+n-1 (gymnasium.spaces.Discrete); a value is a number. */
export class Discrete implements Space<number> {
  readonly type = 'discrete';
  readonly size = 1;
  /** Number of values. */
  readonly n: number;
  /** The lowest value. */
  readonly start: number;
  /** What each value is called, the lowest first, such as the tokens of a text; undefined where nothing names them [n]. */
  readonly names: readonly string[] | undefined;
  #schema?: z.ZodType<number>;

  /**
   * Makes a space.
   * @param n number of values, at least 1
   * @param start the lowest value; default 0
   * @param options.names what each value is called [n]
   * @throws RangeError where they are no integers, or the values leave ±2²⁴, which float32 holds exactly; where there is not one name
   *   for each value
   */
  constructor(n: number, start = 0, options: { names?: readonly string[] } = {}) {
    checkRange('Discrete', n, start);
    this.n = n;
    this.start = start + 0; // no -0
    this.names = options.names && namesOf(options.names, n);
  }

  get schema(): z.ZodType<number> {
    this.#schema ??= leafSchema((value) => this.explain(value));
    return this.#schema;
  }

  contains(value: unknown): value is number {
    if (!Number.isInteger(value)) return false;
    const offset = (value as number) - this.start;
    return offset >= 0 && offset < this.n;
  }

  explain(value: unknown): string | undefined {
    if (this.contains(value)) return undefined;
    const range = `${this.start}..${this.start + this.n - 1}`;
    return `expected an integer in ${range}, got ${describe(value)}`;
  }

  /** Draws uniformly from the values that the mask allows; `start` where it allows none. */
  sample(rng: Rng, mask?: ActionMask): number {
    if (mask) checkMask('Discrete', mask, this.n);
    return this.start + chooseAllowed(rng, this.n, mask);
  }

  write(value: number, row: Float32Array, offset = 0): void {
    row[offset] = value;
  }

  read(row: ArrayLike<number>, offset = 0): number {
    return row[offset];
  }

  toJSON(): SpaceJson {
    const { type, n, start, names } = this;
    return { type, n, start, ...(names && { names: [...names] }) };
  }
}

/** @throws RangeError unless there are n different strings */
function namesOf(names: readonly string[], n: number): readonly string[] {
  const expected = `Discrete: names: expected ${n} different names that are not empty, one for each value`;
  if (names.length !== n) throw new RangeError(`${expected}, got ${names.length}`);
  const known = new Set<string>();
  for (const name of names) {
    if (typeof name !== 'string' || name === '' || known.has(name)) {
      throw new RangeError(`${expected}, got ${describe(name)}${known.has(name) ? ' twice' : ''}`);
    }
    known.add(name);
  }
  return Object.freeze([...names]);
}
