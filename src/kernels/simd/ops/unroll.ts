import type * as tf from '@tensorflow/tfjs-core';
import { UNROLL, UNROLL_GRAD } from '../../fused.ts';
import { EPS } from '../../rms-norm.ts';
import { WEIGHTS } from '../../unroll.ts';
import { LANES, Op, registerSimdKernel } from '../kernel.ts';
import { floatBits } from '../pool.ts';
import type { Output, SimdBackend } from '../simd-backend.ts';
import {
  aligned,
  type BlockAt,
  type BlockSums,
  blockAt,
  keptBy,
  runBlock,
  runBlockGrad,
} from './block.ts';

type Inputs = Record<string, tf.TensorInfo>;

interface Attrs {
  heads: number;
  reach: number[];
  blocks: number;
}

/** `unroll` and its gradients: the blocks' kernels, depth by depth, with nothing between but addresses. */
export function registerUnroll(): void {
  registerSimdKernel<Inputs, Attrs>(UNROLL, ({ inputs, attrs, backend }) => {
    const plan = new Plan(inputs, attrs, backend);
    const total = attrs.reach.reduce((sum, n) => sum + n, 0);
    const states = backend.output([total, ...inputs.z.shape.slice(1)]);
    const kept = backend.output([plan.kept]);
    let from = backend.address(inputs.z);
    let to = states.address;
    for (const [depth, n] of attrs.reach.entries()) {
      if (n > 0) plan.step(depth, n, from, to, kept.address);
      from = to;
      to += n * plan.state;
    }
    return [states, kept];
  });

  registerSimdKernel<Inputs, Attrs>(UNROLL_GRAD, ({ inputs, attrs, backend }) => {
    const { dy, states, kept, ...given } = inputs;
    const plan = new Plan(given, attrs, backend);
    const gradients = new Gradients(given, plan, backend);
    // Gradients of the states, to which each depth adds what comes by the next.
    const sums = backend.output(dy.shape);
    sums.values.set(backend.values(dy));
    const [z, first] = [backend.address(given.z), backend.address(states)];
    let at = sums.values.length * 4;
    for (let depth = attrs.reach.length - 1; depth >= 0; depth--) {
      const n = attrs.reach[depth];
      const before = at - n * plan.state - (attrs.reach[depth - 1] ?? 0) * plan.state;
      at -= n * plan.state;
      if (n === 0) continue;
      plan.stepGrad(
        depth,
        n,
        {
          from: depth === 0 ? z : first + before,
          dto: sums.address + at,
          dfrom: depth === 0 ? gradients.z.address : sums.address + before,
          kept: backend.address(kept),
        },
        gradients,
      );
    }
    backend.disposeData(sums.dataId);
    return gradients.finish();
  });
}

/** What a depth keeps: addresses within it. */
interface Kept {
  /** Scales of the norm a step begins with [n·R]. */
  r: number;
  /** `mix(z)`; 0 where that is z. */
  mixed: number;
  /** What each block reads. */
  x: number[];
  blocks: number[];
}

/** Where everything of an unroll lies. */
class Plan {
  /** Bytes of an element's state. */
  readonly state: number;
  /** Floats that are kept for the gradients. */
  readonly kept: number;
  readonly blocks: BlockAt[];
  readonly keep: number;
  readonly inject: tf.TensorInfo | undefined;
  readonly #gain: number;
  readonly #R: number;
  readonly #D: number;
  readonly #reach: readonly number[];
  readonly #backend: SimdBackend;

  constructor(inputs: Inputs, { heads, reach, blocks }: Attrs, backend: SimdBackend) {
    const { z, gain, keep, inject } = inputs;
    [, this.#R, this.#D] = z.shape;
    this.state = 4 * this.#R * this.#D;
    this.#backend = backend;
    this.#reach = reach;
    this.#gain = backend.address(gain);
    this.keep = keep ? backend.address(keep) : 0;
    this.inject = inject;
    this.blocks = Array.from({ length: blocks }, (_, i) =>
      blockAt(backend, z, heads, weightsOf(inputs, i), {
        k: inputs[`k${i}`],
        v: inputs[`v${i}`],
        bias: inputs[`bias${i}`],
      }),
    );
    this.kept = reach.reduce((sum, n) => sum + this.#size(n), 0);
  }

  /** z_{k+1} of n elements at `to` from z_k at `from`. */
  step(depth: number, n: number, from: number, to: number, address: number): void {
    const { pool } = this.#backend;
    const [rows, D] = [n * this.#R, this.#D];
    const kept = this.#at(depth, n, address);
    if (kept.mixed) {
      this.#copy(kept.mixed, this.#backend.address(this.inject!), rows * D);
      const words = [kept.mixed, from, this.keep, 0, rows, D, D, 0, 0, 1, 0, 0];
      pool.run(Op.matMul, rows * D * D, words);
    }
    pool.run(Op.rmsNorm, 2 * rows * D, [
      ...[kept.x[0], kept.r, kept.mixed || from, this.#gain, rows, D, floatBits(EPS), 0],
    ]);
    this.blocks.forEach((block, i) => {
      const y = kept.x[i + 1] ?? to;
      runBlock(this.#backend, block, n, { x: kept.x[i], y, kept: kept.blocks[i] });
    });
  }

  /** Adds to `dfrom`, and to the gradients of what all depths share. */
  stepGrad(
    depth: number,
    n: number,
    at: { from: number; dto: number; dfrom: number; kept: number },
    gradients: Gradients,
  ): void {
    const { pool, arena } = this.#backend;
    const [rows, D] = [n * this.#R, this.#D];
    const kept = this.#at(depth, n, at.kept);
    const [a, b] = [arena.allocate(4 * rows * D), arena.allocate(4 * rows * D)];
    let dy = at.dto;
    for (let i = this.blocks.length - 1; i >= 0; i--) {
      const dx = dy === a ? b : a;
      const where = { x: kept.x[i], kept: kept.blocks[i], dy, dx };
      runBlockGrad(this.#backend, this.blocks[i], n, where, gradients.blocks[i]);
      dy = dx;
    }
    const lanes = arena.allocate(4 * LANES * D * (kept.mixed ? D : 1));
    const dmixed = kept.mixed ? (dy === a ? b : a) : at.dfrom;
    pool.run(Op.rmsNormGrad, 4 * rows * D, [
      ...[dmixed, lanes, dy, kept.mixed || at.from, kept.r, this.#gain, rows, D],
      kept.mixed ? 0 : 1,
    ]);
    pool.run(Op.laneSum, D, [gradients.gain.address, lanes, D, 1]);
    if (kept.mixed) {
      const { keep, inject } = gradients;
      const product = rows * D * D;
      pool.run(Op.matMul, product, [0, at.from, dmixed, 0, D, rows, D, 1, 0, 0, 0, lanes]);
      pool.run(Op.laneSum, D * D, [keep!.address, lanes, D * D, 1]);
      pool.run(Op.matMul, product, [at.dfrom, dmixed, this.keep, 0, rows, D, D, 0, 1, 1, 0, 0]);
      this.#add(inject!.address, dmixed, rows * D);
    }
    for (const address of [a, b, lanes]) arena.free(address);
  }

  #size(n: number): number {
    const rows = n * this.#R;
    const states = this.blocks.length + (this.keep ? 1 : 0);
    const blocks = this.blocks.reduce((sum, block) => sum + keptBy(block, n), 0);
    return aligned(rows) + states * aligned(rows * this.#D) + blocks;
  }

  #at(depth: number, n: number, address: number): Kept {
    const rows = n * this.#R;
    let next = address;
    for (const n of this.#reach.slice(0, depth)) next += 4 * this.#size(n);
    const take = (floats: number) => {
      const place = next;
      next += 4 * aligned(floats);
      return place;
    };
    return {
      r: take(rows),
      mixed: this.keep ? take(rows * this.#D) : 0,
      x: this.blocks.map(() => take(rows * this.#D)),
      blocks: this.blocks.map((block) => take(keptBy(block, n))),
    };
  }

  #floats(address: number, count: number): Float32Array {
    return new Float32Array(this.#backend.arena.memory.buffer, address, count);
  }

  #copy(to: number, from: number, count: number): void {
    this.#floats(to, count).set(this.#floats(from, count));
  }

  #add(to: number, from: number, count: number): void {
    const [sums, terms] = [this.#floats(to, count), this.#floats(from, count)];
    for (let i = 0; i < count; i++) sums[i] += terms[i];
  }
}

/** Sums of the gradients of all inputs, in the order of the inputs. */
class Gradients {
  readonly z: Output;
  readonly gain: Output;
  readonly keep: Output | undefined;
  readonly inject: Output | undefined;
  readonly blocks: BlockSums[];
  readonly #outputs: Record<string, Output> = {};
  readonly #inputs: Inputs;
  readonly #weights: Output[];
  readonly #backend: SimdBackend;

  constructor(inputs: Inputs, { blocks }: Plan, backend: SimdBackend) {
    this.#inputs = inputs;
    this.#backend = backend;
    const zeros = (name: string): Output | undefined => {
      const input = inputs[name];
      return input && (this.#outputs[name] = zeroed(backend, input.shape));
    };
    this.z = zeros('z')!;
    this.gain = zeros('gain')!;
    this.keep = zeros('keep');
    this.inject = zeros('inject');
    this.#weights = blocks.map((_, i) => {
      const sizes = weightsOf(inputs, i).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
      return zeroed(backend, [sizes.reduce((a, b) => a + b, 0)]);
    });
    this.blocks = this.#weights.map((weights, i) => ({
      parameters: weights.values.length,
      weights: weights.address,
      bias: zeros(`bias${i}`)?.address ?? 0,
      dk: zeros(`k${i}`)?.address ?? 0,
      dv: zeros(`v${i}`)?.address ?? 0,
    }));
  }

  finish(): tf.TensorInfo[] {
    this.#weights.forEach((sums, i) => {
      let offset = 0;
      for (const name of namesOf(this.#inputs, i)) {
        const output = this.#backend.output(this.#inputs[name].shape);
        const size = output.values.length;
        output.values.set(sums.values.subarray(offset, offset + size));
        this.#outputs[name] = output;
        offset += size;
      }
      this.#backend.disposeData(sums.dataId);
    });
    return Object.keys(this.#inputs).map((name) => this.#outputs[name]);
  }
}

function zeroed(backend: SimdBackend, shape: number[]): Output {
  const output = backend.output(shape);
  output.values.fill(0);
  return output;
}

const namesOf = (inputs: Inputs, block: number) =>
  WEIGHTS.map((name) => `${name}${block}`).filter((name) => inputs[name] !== undefined);

const weightsOf = (inputs: Inputs, block: number) =>
  namesOf(inputs, block).map((name) => inputs[name]);
