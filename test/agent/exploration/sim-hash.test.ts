import { describe, expect, it } from 'vitest';
import { SimHash } from '../../../src/agent/exploration/sim-hash.ts';
import { Box, Discrete, MultiDiscrete, Tuple } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';

const bitsOf = (code: number) => Array.from({ length: 32 }, (_, j) => (code >>> j) & 1);

describe('the code of a row', () => {
  it('of choices alone is its own', () => {
    const one = new SimHash(new Discrete(500), Rng.seed(3));
    const codes = Array.from({ length: 500 }, (_, i) => one.codeOf(Float32Array.of(i)));
    expect(new Set(codes).size).toBe(500);
    const two = new SimHash(new MultiDiscrete([30, 30]), Rng.seed(3));
    const pairs = codes.map((_, i) => two.codeOf(Float32Array.of(i % 30, Math.floor(i / 30))));
    // Where the signs of two choices differ the sum is 0, so that a few pairs share a code.
    expect(new Set(pairs).size).toBeGreaterThan(450);
  });

  it('of a number has bits that turn once each along the line', () => {
    const hash = new SimHash(new Box({ shape: [1], low: -1e6, high: 1e6 }), Rng.seed(5));
    const codes = Array.from({ length: 2001 }, (_, i) =>
      bitsOf(hash.codeOf(Float32Array.of((i - 1000) / 50))),
    );
    const turns = bitsOf(0).map(
      (_, j) => codes.filter((bits, i) => i > 0 && bits[j] !== codes[i - 1][j]).length,
    );
    expect(Math.max(...turns)).toBe(1);
    // Within 20 deviations nearly all of them.
    expect(turns.filter((count) => count === 1).length).toBeGreaterThan(28);
    // And most of them within 2.
    const near = (from: number, to: number) => codes[from].filter((bit, j) => bit !== codes[to][j]);
    expect(near(900, 1100).length).toBeGreaterThan(16);
  });

  it('is that of a like row, and differs from that of another, in a picture too', () => {
    const size = 64 * 64 * 3;
    const hash = new SimHash(
      new Box({ shape: [size], low: 0, high: 255, dtype: 'uint8' }),
      Rng.seed(1),
    );
    const rng = Rng.seed(2);
    const picture = Uint8Array.from({ length: size }, () => rng.int(256));
    const dimmed = picture.map((value) => (value > 0 ? value - 1 : 0));
    const other = Uint8Array.from({ length: size }, () => rng.int(256));
    const code = bitsOf(hash.codeOf(picture));
    const apart = (row: Uint8Array) =>
      bitsOf(hash.codeOf(row)).filter((bit, j) => bit !== code[j]).length;
    expect(apart(picture.slice())).toBe(0);
    expect(apart(dimmed)).toBeLessThan(3);
    expect(apart(other)).toBeGreaterThan(3);
  });

  it('comes from the seed, and numbers and choices count beside each other', () => {
    const space = new Tuple([new Discrete(4), new Box({ shape: [2], low: -1, high: 1 })]);
    const hash = new SimHash(space, Rng.seed(7));
    const row = Float32Array.of(2, 0.5, -0.5);
    expect(hash.codeOf(row)).toBe(new SimHash(space, Rng.seed(7)).codeOf(row));
    expect(hash.codeOf(row)).not.toBe(new SimHash(space, Rng.seed(8)).codeOf(row));
    expect(hash.codeOf(row)).not.toBe(hash.codeOf(Float32Array.of(3, 0.5, -0.5)));
    expect(hash.codeOf(row)).not.toBe(hash.codeOf(Float32Array.of(2, -0.5, 0.5)));
  });
});
