import { LANES } from '../runtime/constants.ts';
import { defineKernel, flag, int, pointer } from '../runtime/define-kernel.ts';
import type { Output, SimdBackend } from '../runtime/simd-backend.ts';

/** Adds up the sums that a kernel has made in lanes. */
export const laneSum = defineKernel('laneSum', {
  args: {
    y: pointer('[n]'),
    lanes: pointer('[LANES, n]'),
    n: int(),
    accumulate: flag('whether the sums are added to y'),
  },
  split: { by: 'share', over: 'n' },
  work: ({ n }) => n,
});

/** Sums of several arrays in lanes, such as the gradients of weights: zeros at first. */
export class Lanes {
  /** The address of each array's sum in the first lane. */
  readonly at: Readonly<Record<string, number>>;
  /** Bytes from one lane to the next. */
  readonly step: number;
  readonly #backend: SimdBackend;
  readonly #shapes: Readonly<Record<string, number[]>>;
  readonly #address: number;

  constructor(backend: SimdBackend, shapes: Readonly<Record<string, number[]>>) {
    this.#backend = backend;
    this.#shapes = shapes;
    let size = 0;
    const offsets = Object.entries(shapes).map(([name, shape]) => {
      const offset = size;
      size += shape.reduce((a, b) => a * b, 1);
      return [name, offset] as const;
    });
    const { arena } = backend;
    this.#address = arena.allocate(4 * LANES * size);
    new Float32Array(arena.memory.buffer, this.#address, LANES * size).fill(0);
    this.step = 4 * size;
    this.at = Object.fromEntries(
      offsets.map(([name, offset]) => [name, this.#address + 4 * offset]),
    );
  }

  /** Adds the lanes up and frees them. */
  finish(): Record<string, Output> {
    const { arena, pool } = this.#backend;
    const [y, n] = [this.#address, this.step / 4];
    pool.run(laneSum, { y, lanes: y, n, accumulate: false });
    const sums = Object.entries(this.#shapes).map(([name, shape]) => {
      const sum = this.#backend.output(shape);
      const { length } = sum.values;
      sum.values.set(new Float32Array(arena.memory.buffer, this.at[name], length));
      return [name, sum] as const;
    });
    arena.free(y);
    return Object.fromEntries(sums);
  }
}
