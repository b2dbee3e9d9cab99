import { describe, expect, it, onTestFinished } from 'vitest';
import { laneSum } from '../../../../src/kernels/simd/kernels/lane-sum.ts';
import { Arena } from '../../../../src/kernels/simd/runtime/arena.ts';
import {
  defineKernel,
  flag,
  float,
  int,
  MAX_WORDS,
  optional,
  pointer,
  struct,
} from '../../../../src/kernels/simd/runtime/define-kernel.ts';
import { loadModule } from '../../../../src/kernels/simd/runtime/module.ts';
import { startWorker } from '../../../../src/kernels/simd/runtime/node-worker.ts';
import { Pool } from '../../../../src/kernels/simd/runtime/pool.ts';

const pair = struct('Pair', { first: pointer('[n]'), second: optional('[n]') });

const declare = (doc: string) =>
  defineKernel('example', {
    args: { n: int(doc), inner: pair, half: float(), on: flag(), more: optional('[n]') },
    split: { by: 'share', over: 'n' },
    work: ({ n }) => n,
  });
const example = declare('');

describe('defineKernel', () => {
  it('writes arguments word by word, those of a struct in its place, 0 for what is absent', () => {
    const words = new Int32Array(10).fill(-1);
    const values = { n: 7, inner: { first: 64 }, half: 0.5, on: true };
    example.write(words, new Float32Array(words.buffer), 2, values);
    expect([...words]).toEqual([-1, -1, 7, 64, 0, 0x3f000000, 1, 0, -1, -1]);
  });

  it('gives a kernel another symbol where its arguments, its split or their order differ', () => {
    const split = { by: 'once' } as const;
    const work = () => 0;
    const args = { n: int(), x: pointer('[n]') };
    const symbols = [
      defineKernel('f', { args, split, work }),
      defineKernel('f', { args: { x: args.x, n: args.n }, split, work }),
      defineKernel('f', { args: { ...args, n: float() }, split, work }),
      defineKernel('f', { args, split: { by: 'own' }, work }),
    ].map(({ symbol }) => symbol);
    expect(new Set(symbols).size).toBe(4);
    expect(declare('another comment').symbol).toBe(example.symbol);
  });

  it('refuses more arguments than there is room for', () => {
    const names = Array.from({ length: MAX_WORDS + 1 }, (_, i) => [`n${i}`, int()] as const);
    const args = Object.fromEntries(names);
    expect(() => defineKernel('f', { args, split: { by: 'once' }, work: () => 0 })).toThrow(
      'kernel f: expected at most 96 words of arguments, got 97',
    );
  });
});

it('a pool refuses a kernel that its machine code was not built from', async () => {
  const { module } = loadModule({ build: 'simd' });
  const pool = await Pool.start({ module, arena: new Arena(8), threads: 1, startWorker });
  onTestFinished(() => pool.close());
  const values = { y: 0, lanes: 0, n: 0, accumulate: false };
  expect(() => pool.run(laneSum, values)).not.toThrow();
  const changed = { ...laneSum, symbol: 'laneSum_00000000' };
  expect(() => pool.run(changed, values)).toThrow(
    /expected the function laneSum_00000000 .*built from other sources: run `npm run build:kernels`/,
  );
});
