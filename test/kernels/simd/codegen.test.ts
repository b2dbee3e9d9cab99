import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { argumentsFile, exportsFile } from '../../../src/kernels/simd/codegen/assembly.ts';
import { generate } from '../../../src/kernels/simd/codegen/generate.ts';
import {
  defineKernel,
  flag,
  int,
  optional,
  pointer,
  struct,
} from '../../../src/kernels/simd/runtime/define-kernel.ts';

const simd = new URL('../../../src/kernels/simd/', import.meta.url);

it.each(Object.entries(await generate()))(
  '%s is what `npm run build:kernels` writes',
  (path, text) => {
    expect(readFileSync(new URL(path, simd), 'utf8')).toBe(text);
  },
);

const work = () => 0;
const pair = struct('Pair', { first: pointer('[n]'), second: optional('[n]') });
const one = defineKernel('one', {
  args: { on: flag(), pair, n: int('how many') },
  split: { by: 'share', over: 'n' },
  work,
});
const two = defineKernel('two', {
  args: { one },
  split: { by: 'lanes', over: 'one.n', least: 16 },
  scratch: true,
  work,
});

it('arguments become a class, with getters for the structs within', () => {
  expect(argumentsFile({ LANES: 8 }, [{ file: 'x', kernels: [two] }])).toBe(`\
// Written by \`npm run build:kernels\` from src/kernels/simd/kernels: do not edit.

export const LANES: i32 = 8;

@unmanaged
export class Pair {
  /** [n] */
  first: usize;
  /** [n]; 0: absent */
  second: usize;
}

@unmanaged
export class OneArguments {
  on: i32;
  @inline get pair(): Pair { return changetype<Pair>(changetype<usize>(this) + 4); }
  private pair_first: usize;
  private pair_second: usize;
  /** how many */
  n: i32;
}

@unmanaged
export class TwoArguments {
  @inline get one(): OneArguments { return changetype<OneArguments>(changetype<usize>(this)); }
  private one_on: i32;
  private one_pair_first: usize;
  private one_pair_second: usize;
  private one_n: i32;
}
`);
});

it('exports split the work', () => {
  const text = exportsFile([{ file: 'file', kernels: [one, two] }]);
  expect(text).toContain("import { one, two } from '../file';");
  expect(text).toContain('  one(a, share(a.n, part, parts), share(a.n, part + 1, parts));');
  expect(text).toContain('  const size = laneSize(a.one.n, 16);');
  expect(text).toContain('    two(a, lane, first, min(a.one.n, first + size), scratch);');
});

it('two classes of one name are refused', () => {
  const other = defineKernel('two', { args: { pair }, split: { by: 'once' }, work });
  const renamed = { ...other, fields: { pair: struct('Pair', { x: int() }) } };
  expect(() => argumentsFile({}, [{ file: 'x', kernels: [one, renamed] }])).toThrow(
    'kernels: expected one class named Pair, got two',
  );
});
