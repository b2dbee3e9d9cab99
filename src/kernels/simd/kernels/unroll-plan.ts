import type * as tf from '@tensorflow/tfjs-core';
import { blockNames, type UnrollAttrs } from '../../ops/unroll.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { runBlock } from './block.ts';
import { type GradientOperands, runBlockGrad } from './block-gradient.ts';
import { aligned, keptBy, ownFloats } from './block-memory.ts';
import {
  type BlockAt,
  type BlockTensors,
  blockAt,
  packBlock,
  panelFloats,
} from './block-parameters.ts';
import type { RangesAt } from './shared-rows.ts';
import type { Gradients } from './unroll-gradients.ts';

type Inputs = Record<string, tf.TensorInfo>;

/** One depth of an unroll: how many elements it has, and how many of them go on. */
interface Depth {
  n: number;
  whole: number;
}

/** The addresses of a depth's memory. */
interface Place {
  /** The state after it [whole, R, D]. */
  state: number;
  /** The input of each block except the first [n, R, D]. */
  x: number[];
  blocks: number[];
}

/** The depths and blocks of an unroll, and where each finds its memory. */
export class Plan {
  readonly tensors: BlockTensors[];
  /** Floats that the forward pass keeps for the gradients; or of workspace, if no gradient is needed. */
  readonly kept: number;
  blocks: BlockAt[];
  readonly #depths: Depth[];
  readonly #R: number;
  readonly #D: number;
  readonly #attrs: UnrollAttrs;
  readonly #backend: SimdBackend;

  constructor(inputs: Inputs, attrs: UnrollAttrs, backend: SimdBackend, ranges?: RangesAt) {
    const { heads, reach, blocks, whole } = attrs;
    const { shape } = inputs.z;
    [, this.#R, this.#D] = shape;
    this.#attrs = attrs;
    this.#backend = backend;
    this.tensors = Array.from({ length: blocks }, (_, i) => tensorsOf(inputs, i));
    this.blocks = this.tensors.map((tensors) => blockAt(backend, shape, heads, tensors, ranges));
    // If there is a single token, the readout is the state.
    const all = whole || this.#R === 1;
    this.#depths = reach.map((n, k) => ({ n, whole: all ? n : (reach[k + 1] ?? 0) }));
    this.kept = this.#forEachDepth(0, () => {}) / 4 + this.#ownFloats();
  }

  /** Packs the blocks' matrices. @returns addresses that the caller frees */
  pack(transposed: boolean): number[] {
    const { arena } = this.#backend;
    const panels = this.blocks.map((block) => arena.allocate(4 * panelFloats(block)));
    this.blocks = this.blocks.map((block, i) =>
      packBlock(this.#backend, block, panels[i], transposed),
    );
    return panels;
  }

  run(z: number, value: number, room: number): void {
    const own = this.#attrs.taped ? 0 : room + 4 * (this.kept - this.#ownFloats());
    let from = z;
    this.#forEachDepth(room, ({ n, whole }, place, readouts) => {
      const state = this.#stateOf(place, value, readouts);
      const apart = state !== value + 4 * readouts;
      if (n > 0) {
        let x = from;
        this.blocks.forEach((block, i) => {
          const last = i === this.blocks.length - 1;
          runBlock(this.#backend, block, n, last ? whole : n, {
            from: x,
            y: last ? state : place.x[i],
            readouts: last && apart ? value + 4 * readouts : undefined,
            kept: own || place.blocks[i],
            own: own !== 0,
          });
          x = place.x[i];
        });
      }
      from = state;
    });
  }

  runGrad(z: number, value: number, room: number, dy: number, gradients: Gradients): void {
    const { arena } = this.#backend;
    const steps: (() => void)[] = [];
    // The gradient of the state after a depth comes from the next depth. The last depth has one only if its state is the value.
    let dstate = 0;
    let from = z;
    this.#forEachDepth(room, ({ n, whole }, place, readouts, k) => {
      const before = from;
      from = this.#stateOf(place, value, readouts);
      steps.push(() => {
        const given = dstate;
        const after = this.#depths[k + 1]?.n ?? 0;
        dstate = k === 0 ? gradients.z.address : arena.allocate(4 * n * this.#R * this.#D);
        const at: GradientOperands = { dy: given, dreadouts: dy + 4 * readouts, dx: dstate };
        if (this.#attrs.whole) Object.assign(at, { dy, dreadouts: undefined });
        else if (whole > after) at.dy = this.#extended(given, after, whole);
        if (n > 0) this.#stepGrad({ n, whole }, place, before, at, gradients);
        for (const address of new Set([given, at.dy])) {
          if (address !== 0 && address !== dy) arena.free(address);
        }
      });
    });
    for (const step of steps.reverse()) step();
  }

  #stepGrad(
    { n, whole }: Depth,
    place: Place,
    before: number,
    at: GradientOperands,
    gradients: Gradients,
  ): void {
    const { arena } = this.#backend;
    let { dy, dreadouts } = at;
    for (let i = this.blocks.length - 1; i >= 0; i--) {
      const last = i === this.blocks.length - 1;
      const from = i === 0 ? before : place.x[i - 1];
      const dx = i === 0 ? at.dx : arena.allocate(4 * n * this.#R * this.#D);
      const where = { from, kept: place.blocks[i], dy, dreadouts, dx };
      runBlockGrad(this.#backend, this.blocks[i], n, last ? whole : n, where, gradients.blocks[i]);
      if (!last) arena.free(dy);
      [dy, dreadouts] = [dx, undefined];
    }
  }

  /** A copy of `from` [n, R, D], extended with zeros to [whole, R, D]. */
  #extended(from: number, n: number, whole: number): number {
    const { arena } = this.#backend;
    const size = this.#R * this.#D;
    const to = arena.allocate(4 * whole * size);
    const floats = new Float32Array(arena.memory.buffer, to, whole * size);
    if (n > 0) floats.set(new Float32Array(arena.memory.buffer, from, n * size));
    floats.fill(0, n * size);
    return to;
  }

  /** The address of the state after a depth; it lies among the values if these are states. */
  #stateOf({ state }: Place, value: number, readouts: number): number {
    return this.#attrs.whole || this.#R === 1 ? value + 4 * readouts : state;
  }

  /**
   * @param visit gets a depth, its place, the index of its first float among the readouts, and its number
   * @returns the address after the last depth's memory
   */
  #forEachDepth(
    room: number,
    visit: (depth: Depth, place: Place, readouts: number, k: number) => void,
  ): number {
    let next = room;
    const take = (floats: number) => {
      const address = next;
      next += 4 * aligned(floats);
      return address;
    };
    let readouts = 0;
    for (const [k, depth] of this.#depths.entries()) {
      const state = take(this.#stateFloats(depth));
      const x = this.blocks.slice(1).map(() => take(depth.n * this.#R * this.#D));
      const blocks = this.blocks.map((_, i) => take(this.#blockFloats(depth, i)));
      visit(depth, { state, x, blocks }, readouts, k);
      readouts += depth.n * this.#D;
    }
    return next;
  }

  #stateFloats({ whole }: Depth): number {
    return this.#attrs.whole || this.#R === 1 ? 0 : whole * this.#R * this.#D;
  }

  #blockFloats({ n, whole }: Depth, i: number): number {
    if (!this.#attrs.taped) return 0;
    return keptBy(this.blocks[i], n, i === this.blocks.length - 1 ? whole : n);
  }

  /** The workspace of all threads, in floats, if nothing is kept for gradients. */
  #ownFloats(): number {
    if (this.#attrs.taped) return 0;
    const most = this.#depths[0].n;
    const each = Math.max(...this.blocks.map((block) => ownFloats(block, most)));
    return each * this.#backend.pool.threads;
  }
}

function tensorsOf(inputs: Inputs, block: number): BlockTensors {
  const tensors: Record<string, tf.TensorInfo | undefined> = {};
  for (const [stem, name] of blockNames(block)) tensors[stem] = inputs[name];
  tensors.mask = inputs.mask;
  if (block > 0) return tensors;
  const { gain, keep, inject } = inputs;
  return Object.assign(tensors, { gain, keep, inject });
}
