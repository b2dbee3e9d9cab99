import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Box, type Space } from '../../src/envs/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { encoderFor, Parameters } from '../../src/policy/index.ts';
import { backends } from '../support/backends.ts';
import { distance, toTensor } from '../support/small-policy.ts';

beforeAll(() => loadBackend(backends('simd')[0]));

const bytes = (shape: number[], high = 255) => new Box({ shape, low: 0, high, dtype: 'uint8' });

function make(space: Space, width = 8) {
  const parameters = new Parameters(Rng.seed(1));
  const encoder = encoderFor(space, width, parameters);
  const encode = (row: ArrayLike<number>) =>
    tf.tidy(() => encoder.encode(toTensor([row])).arraySync()[0]);
  return { parameters, encoder, encode };
}

/** A picture [size, size, 1] of noise, shifted down and right by that many pixels; it repeats beyond its edge. */
function noise(size: number, shift = 0): Uint8Array {
  const rng = Rng.seed(3);
  const source = Uint8Array.from({ length: size ** 2 }, () => rng.int(256));
  const at = (i: number) => (i + size - shift) % size;
  return source.map((_, i) => source[at(Math.floor(i / size)) * size + at(i % size)]);
}

describe('a Box of uint8', () => {
  it.each([
    { shape: [84, 84, 4], grid: [6, 6] },
    { shape: [210, 160, 3], grid: [7, 5] },
    { shape: [64, 64, 3], grid: [8, 8] },
    { shape: [40, 40, 1], grid: [5, 5] },
    { shape: [10, 10, 4], grid: [5, 5] },
    { shape: [8, 8, 111], grid: [8, 8] },
    { shape: [84, 84], grid: [6, 6] },
    { shape: [4, 84, 84], grid: [6, 6] },
    { shape: [16, 60, 80], grid: [4, 5] },
    { shape: [4, 84, 84, 3], grid: [6, 6] },
  ])('$shape is a picture of $grid tokens', ({ shape, grid: [rows, columns] }) => {
    const { encoder, encode } = make(bytes(shape));
    expect(encoder.tokens).toBe(rows * columns);
    expect(encoder.places!.at(-1)).toEqual([rows - 1, columns - 1]);
    expect(encode(new Uint8Array(shape.reduce((a, b) => a * b)).fill(7))).toHaveLength(
      rows * columns,
    );
  });

  it.each([
    [[7, 7, 4], 49],
    [[7, 84, 3], 588],
    [[84, 7], 84],
    [[100], 4],
  ])('%j is none', (shape, tokens) => {
    expect(make(bytes(shape as number[])).encoder.tokens).toBe(tokens);
  });

  it('of floats is a grid of cells', () => {
    expect(make(new Box({ shape: [8, 9, 1], low: 0, high: 255 })).encoder.tokens).toBe(72);
  });
});

describe('a picture in patches', () => {
  const patches = (shape: number[]) =>
    new Box({ shape, low: 0, high: 255, dtype: 'uint8', as: 'patches' });

  it.each([
    { shape: [84, 84, 3], grid: [8, 8], said: '64 patches of 11 × 11' },
    { shape: [4, 84, 84], grid: [8, 8], said: '64 patches of 11 × 11' },
    { shape: [10, 10], grid: [5, 5], said: '25 patches of 2 × 2' },
    { shape: [8, 4, 2], grid: [8, 4], said: '32 patches of 1 × 1' },
  ])('$shape has $said', ({ shape, grid: [rows, columns], said }) => {
    const { encoder } = make(patches(shape));
    expect(encoder.places!.at(-1)).toEqual([rows - 1, columns - 1]);
    expect(encoder.summary).toContain(`, ${said} with places`);
  });

  it('has a token for each, which sees its patch alone, by the same map', () => {
    const { encode } = make(patches([16, 16]));
    const none = encode(new Uint8Array(256));
    const dot = (row: number, column: number) => {
      const found = encode(new Uint8Array(256).fill(255, 16 * row + column, 16 * row + column + 1));
      return found.map((token, i) => token.map((x, d) => x - none[i][d]));
    };
    const [here, there] = [dot(3, 5), dot(13, 9)];
    const lit = (tokens: number[][]) =>
      tokens.flatMap((token, i) => (token.some((x) => x !== 0) ? [i] : []));
    expect([lit(here), lit(there)]).toEqual([[8 + 2], [6 * 8 + 4]]);
    expect(distance([[here[10]]], [[there[52]]])).toBeLessThan(1e-6);
  });
});

describe('a picture', () => {
  it('moves by a token where it moves by the strides of the convolutions', () => {
    const { encode } = make(bytes([84, 84, 1]));
    const [before, after] = [encode(noise(84)), encode(noise(84, 16))];
    // Tokens that see nothing beyond the edge of the picture.
    const inner = (tokens: number[][], from: number) =>
      [1, 2].flatMap((row) => [1, 2].map((column) => tokens[(row + from) * 6 + column + from]));
    expect(distance(inner(before, 0), inner(after, 1))).toBeLessThan(1e-4);
    expect(distance(inner(before, 0), inner(after, 0))).toBeGreaterThan(1e-2);
  });

  it('is the same in numbers up to 1 as up to 255', () => {
    const picture = noise(16).map((x) => x & 1);
    const bright = picture.map((x) => 255 * x);
    expect(
      distance(
        make(bytes([16, 16, 1], 1)).encode(picture),
        make(bytes([16, 16, 1])).encode(bright),
      ),
    ).toBeLessThan(1e-5);
  });

  it('has the frames of a stack as channels', () => {
    const frames = [noise(16), noise(16, 3), noise(16, 5)];
    const stacked = Uint8Array.from(frames.flatMap((frame) => [...frame]));
    const last = Uint8Array.from(stacked, (_, i) => frames[i % 3][Math.floor(i / 3)]);
    const expected = make(bytes([16, 16, 3])).encode(last);
    expect(distance(make(bytes([3, 16, 16])).encode(stacked), expected)).toBeLessThan(1e-6);
    expect(distance(make(bytes([3, 16, 16, 1])).encode(stacked), expected)).toBeLessThan(1e-6);
  });

  it('passes a gradient to each weight', () => {
    const { parameters, encoder } = make(bytes([20, 20, 2]));
    const row = Uint8Array.from({ length: 800 }, (_, i) => (i * 37) % 256);
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.square(encoder.encode(toTensor([row])))) as tf.Scalar,
      parameters.list.map(({ variable }) => variable),
    );
    const sizes = parameters.list.map(({ name, variable }) => [
      name,
      tf.norm(grads[variable.name]).arraySync(),
    ]);
    expect(sizes).toHaveLength(6);
    for (const [name, size] of sizes) expect(size, name as string).toBeGreaterThan(0);
  });
});
