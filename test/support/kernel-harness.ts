import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Fields, Kernel, Struct } from '../../src/kernels/simd/runtime/define-kernel.ts';
import { type Code, loadModule } from '../../src/kernels/simd/runtime/module.ts';

export const codes: readonly Code[] = ['simd', 'relaxed', 'wide'];

/** The wide code is also tested where this Node.js does not join its vectors. */
function moduleOf(code: Code): WebAssembly.Module {
  const loaded = loadModule({ build: code === 'wide' ? 'strict' : code });
  if (loaded.code === code) return loaded.module;
  const file = new URL(`../../src/kernels/simd/build/${code}.wasm`, import.meta.url);
  return new WebAssembly.Module(readFileSync(file));
}

/** An array that a kernel writes: of that length, or with that content to begin with. */
export class Output {
  readonly initial: Float32Array;

  constructor(content: number | Float32Array) {
    this.initial = typeof content === 'number' ? new Float32Array(content).fill(NaN) : content;
  }
}

/** A number, an array to be read, or one to be written. */
type Given = number | boolean | Float32Array | Int32Array | Output;

/** Arguments by name; an absent array may be left out. */
type Arguments<Of extends Fields> = {
  readonly [Name in keyof Of]?: Of[Name] extends Struct ? never : Given | undefined;
};

/** The written arrays by name. */
type Written<Args> = {
  [Name in keyof Args as Args[Name] extends Output ? Name : never]: Float32Array;
};

/** A signalling NaN: it spoils a result that is made from it, and must not be overwritten. */
const GUARD = 0x7fa5a5a5;
const GUARD_WORDS = 16;
/** Memory in words: the arguments, the arrays, and last the scratch. */
const MEMORY = 1 << 23;
const ARGS = GUARD_WORDS;
const ARRAYS = 128;
const SCRATCH_SIZE = 1 << 18;
const SCRATCH = MEMORY - SCRATCH_SIZE - GUARD_WORDS;

type Run = (args: number, scratch: number, part: number, parts: number) => void;

interface Placed {
  readonly name: string;
  readonly start: number;
  readonly content: Float32Array | Int32Array;
  readonly written: boolean;
}

/** The kernels over a fresh shared memory, each array in it between guard words. */
export class KernelHarness {
  readonly #memory = new WebAssembly.Memory({
    initial: MEMORY / 16_384,
    maximum: 65_536,
    shared: true,
  });
  readonly #words = new Uint32Array(this.#memory.buffer);
  readonly #exports: Record<string, unknown>;

  /** @throws Error where that code has not been built */
  constructor(code: Code) {
    const env = { memory: this.#memory };
    this.#exports = new WebAssembly.Instance(moduleOf(code), { env }).exports;
  }

  /**
   * Runs a kernel as 1, 2 and 3 parts, on the same inputs. Expects the same bits each time, and
   * inputs and everything outside the outputs untouched.
   */
  call<Of extends Fields, Args extends Arguments<Of>>(kernel: Kernel<Of>, args: Args) {
    const [whole, ...split] = [1, 2, 3].map((parts) => this.#call(kernel, args, parts));
    for (const outputs of split) {
      for (const [name, output] of Object.entries(outputs)) expectSameBits(output, whole[name]);
    }
    return whole as Written<Args>;
  }

  #call<Of extends Fields>(
    kernel: Kernel<Of>,
    args: Record<string, unknown>,
    parts: number,
  ): Record<string, Float32Array> {
    let top = ARRAYS;
    const values: Record<string, number | boolean> = {};
    const placed: Placed[] = [];
    for (const [name, given] of Object.entries(args as Record<string, Given | undefined>)) {
      if (typeof given !== 'object') {
        if (given !== undefined) values[name] = given;
        continue;
      }
      const start = top;
      const content = given instanceof Output ? given.initial : given;
      top = Math.ceil((start + content.length + GUARD_WORDS) / GUARD_WORDS) * GUARD_WORDS;
      values[name] = start * 4;
      placed.push({ name, start, content, written: given instanceof Output });
    }
    expect(top, 'numbers that fit in memory').toBeLessThan(SCRATCH - GUARD_WORDS);

    const memory = this.#words;
    memory.fill(GUARD, 0, top).fill(GUARD, SCRATCH - GUARD_WORDS);
    kernel.write(new Int32Array(memory.buffer), new Float32Array(memory.buffer), ARGS, values);
    for (const { start, content } of placed) memory.set(bits(content), start);
    const aroundScratch = [
      memory.subarray(SCRATCH - GUARD_WORDS, SCRATCH),
      memory.subarray(SCRATCH + SCRATCH_SIZE),
    ];
    const outside = () => {
      const copy = memory.slice(0, top);
      for (const { start, content, written } of placed) {
        if (written) copy.fill(0, start, start + content.length);
      }
      return copy;
    };
    const before = outside();
    const run = this.#exports[kernel.symbol] as Run;
    for (let part = 0; part < parts; part++) run(ARGS * 4, SCRATCH * 4, part, parts);
    expect(firstDifference(outside(), before), 'word changed outside the outputs').toBe(-1);
    for (const guard of aroundScratch) expect(new Set(guard)).toEqual(new Set([GUARD]));
    return Object.fromEntries(
      placed
        .filter(({ written }) => written)
        .map(({ name, start, content }) => {
          const copy = memory.slice(start, start + content.length);
          return [name, new Float32Array(copy.buffer)];
        }),
    );
  }
}

function bits(x: Float32Array | Int32Array): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset, x.length);
}

/** The first index at which two arrays differ, or -1. */
function firstDifference(a: Uint32Array, b: Uint32Array): number {
  return a.length === b.length ? a.findIndex((x, i) => x !== b[i]) : 0;
}

export function expectSameBits(got: Float32Array, want: Float32Array): void {
  expect(firstDifference(bits(got), bits(want)), 'index of a number with other bits').toBe(-1);
}

/** Each number within `tolerance · (1 + |want|)`; NaN for NaN, Infinity for Infinity. */
export function expectNear(got: Float32Array, want: Float32Array, tolerance = 1e-5): void {
  expect(got.length).toBe(want.length);
  const wrong = want.findIndex((w, i) =>
    Number.isFinite(w)
      ? !(Math.abs(got[i] - w) <= tolerance * (1 + Math.abs(w)))
      : !Object.is(got[i], w),
  );
  expect(wrong < 0 ? 'near' : `[${wrong}] = ${got[wrong]}, not ${want[wrong]}`).toBe('near');
}
