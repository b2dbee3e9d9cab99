import type * as tf from '@tensorflow/tfjs-core';
import { Op } from '../runtime/kernel.ts';
import type { Output, SimdBackend } from '../runtime/simd-backend.ts';
import {
  type BlockAt,
  type BlockSums,
  type BlockTensors,
  parametersOf,
  scoresOf,
  zeroLanes,
} from './block.ts';

/** Sums of the gradients of all inputs, in the order of the inputs. */
export class Gradients {
  readonly z: Output;
  readonly blocks: BlockSums[];
  readonly #outputs: Record<string, Output> = {};
  readonly #inputs: Record<string, tf.TensorInfo>;
  readonly #tensors: BlockTensors[];
  readonly #plan: BlockAt[];
  readonly #backend: SimdBackend;

  constructor(
    inputs: Record<string, tf.TensorInfo>,
    tensors: BlockTensors[],
    blocks: BlockAt[],
    backend: SimdBackend,
  ) {
    this.#inputs = inputs;
    this.#tensors = tensors;
    this.#plan = blocks;
    this.#backend = backend;
    const zeros = (name: string): number => {
      const input = inputs[name];
      if (input === undefined) return 0;
      const output = backend.output(input.shape);
      output.values.fill(0);
      this.#outputs[name] = output;
      return output.address;
    };
    zeros('z');
    this.z = this.#outputs.z;
    this.blocks = blocks.map((block, i) => ({
      lanes: zeroLanes(backend, block.size),
      bias: block.bias ? zeroLanes(backend, scoresOf(block)) : 0,
      dk: zeros(`k${i}`),
      dv: zeros(`v${i}`),
      dinject: i === 0 ? zeros('inject') : 0,
    }));
  }

  finish(): tf.TensorInfo[] {
    const { arena } = this.#backend;
    this.blocks.forEach(({ lanes, bias }, i) => {
      const sums = this.#sum(lanes, [this.#plan[i].size]);
      let offset = 0;
      for (const name of parametersOf(this.#tensors[i])) {
        const output = this.#backend.output(this.#tensors[i][name]!.shape);
        const { length } = output.values;
        output.values.set(sums.values.subarray(offset, offset + length));
        this.#outputs[inputName(name, i)] = output;
        offset += length;
      }
      this.#backend.disposeData(sums.dataId);
      if (bias) this.#outputs[`bias${i}`] = this.#sum(bias, this.#tensors[i].bias!.shape);
      for (const address of [lanes, bias]) if (address) arena.free(address);
    });
    return Object.keys(this.#inputs).map((name) => this.#outputs[name]);
  }

  #sum(lanes: number, shape: number[]): Output {
    const output = this.#backend.output(shape);
    const { length } = output.values;
    this.#backend.pool.run(Op.laneSum, length, [output.address, lanes, length, 0]);
    return output;
  }
}

/** What only the first block has, so that its inputs are not numbered. */
const FIRST = ['gain', 'keep', 'inject'];
const inputName = (name: string, block: number) =>
  FIRST.includes(name) ? name : `${name}${block}`;
