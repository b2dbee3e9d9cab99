import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { refuseMask } from './masks.ts';
import { leafSchema } from './schema.ts';

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The lengths and the characters of a `Text`. */
export interface TextOptions {
  /** The most characters (code points). */
  maxLength: number;
  /** The fewest characters; default 1. */
  minLength?: number;
  /** The characters that are allowed, each once, in the order of their indices; default: ASCII letters and digits. */
  charset?: string;
}

/** Strings of certain characters, with bounds on their length (gymnasium.spaces.Text). */
export class Text implements Space<string> {
  readonly type = 'text';
  readonly size: number;
  /** The fewest characters. */
  readonly minLength: number;
  /** The most characters. */
  readonly maxLength: number;
  /** The characters that are allowed. */
  readonly charset: string;
  #schema?: z.ZodType<string>;
  readonly #characters: string[];
  readonly #index: Map<string, number>;

  /**
   * Makes a space.
   * @throws RangeError for wrong lengths, or a character that comes twice
   */
  constructor(options: TextOptions) {
    const { maxLength, minLength = 1, charset = alphanumeric } = options ?? {};
    if (![minLength, maxLength].every(Number.isSafeInteger) || minLength < 0) {
      throw new RangeError(`Text: expected whole lengths, got ${minLength} and ${maxLength}`);
    }
    if (minLength > maxLength || maxLength < 1) {
      throw new RangeError(
        `Text: expected minLength ≤ maxLength and maxLength ≥ 1, got ${minLength} and ${maxLength}`,
      );
    }
    this.#characters = [...charset];
    this.#index = new Map(this.#characters.map((character, i) => [character, i]));
    if (this.#index.size !== this.#characters.length || charset === '') {
      throw new RangeError(
        `Text: expected distinct characters in charset, got ${describe(charset)}`,
      );
    }
    this.minLength = minLength;
    this.maxLength = maxLength;
    this.charset = charset;
    this.size = 1 + maxLength;
  }

  get schema(): z.ZodType<string> {
    this.#schema ??= leafSchema((value) => this.explain(value));
    return this.#schema;
  }

  contains(value: unknown): value is string {
    if (typeof value !== 'string') return false;
    let length = 0;
    for (const character of value) {
      if (!this.#index.has(character)) return false;
      length++;
    }
    return length >= this.minLength && length <= this.maxLength;
  }

  explain(value: unknown): string | undefined {
    if (this.contains(value)) return undefined;
    const stranger =
      typeof value === 'string' && [...value].find((character) => !this.#index.has(character));
    const expected = stranger
      ? `characters of ${describe(this.charset)} only`
      : `a string of ${this.minLength}..${this.maxLength} characters`;
    return `expected ${expected}, got ${describe(stranger || value)}`;
  }

  /** Draws a uniform length, and uniform characters. It takes no mask. */
  sample(rng: Rng, mask?: ActionMask): string {
    refuseMask('Text', mask);
    const length = this.minLength + rng.int(this.maxLength - this.minLength + 1);
    const characters = this.#characters;
    return Array.from({ length }, () => characters[rng.int(characters.length)]).join('');
  }

  write(value: string, row: Float32Array, offset = 0): void {
    row.fill(0, offset, offset + this.size);
    let length = 0;
    for (const character of value) row[offset + ++length] = this.#index.get(character)!;
    row[offset] = length;
  }

  read(row: ArrayLike<number>, offset = 0): string {
    const characters = this.#characters;
    return Array.from({ length: row[offset] }, (_, i) => characters[row[offset + 1 + i]]).join('');
  }

  toJSON(): SpaceJson {
    const { type, minLength, maxLength, charset } = this;
    return { type, minLength, maxLength, charset };
  }
}
