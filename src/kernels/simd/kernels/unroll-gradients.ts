import type * as tf from '@tensorflow/tfjs-core';
import type { Output, SimdBackend } from '../runtime/simd-backend.ts';
import type { BlockSums } from './block-gradient.ts';
import { type BlockTensors, parameterShapes } from './block-parameters.ts';
import { Lanes } from './lane-sum.ts';

/** The gradients of all inputs of an unroll, summed over all depths. */
export class Gradients {
  readonly z: Output;
  readonly blocks: BlockSums[];
  readonly #outputs: Record<string, Output> = {};
  readonly #inputs: Record<string, tf.TensorInfo>;

  /** @param tensors those of each block, by name */
  constructor(
    inputs: Record<string, tf.TensorInfo>,
    tensors: BlockTensors[],
    backend: SimdBackend,
  ) {
    this.#inputs = inputs;
    const zeros = (name: string): number | undefined => {
      const input = inputs[name];
      if (input === undefined) return undefined;
      const output = backend.output(input.shape);
      output.values.fill(0);
      this.#outputs[name] = output;
      return output.address;
    };
    zeros('z');
    this.z = this.#outputs.z;
    this.blocks = tensors.map((block, i) => ({
      parameters: new Lanes(backend, parameterShapes(block)),
      bias: block.bias && new Lanes(backend, { bias: block.bias.shape }),
      shared: sharedSums(backend, block),
      dk: zeros(`k${i}`),
      dv: zeros(`v${i}`),
      dinject: i === 0 ? zeros('inject') : undefined,
    }));
  }

  /** Adds the lanes up. @returns the gradients in the order of the inputs */
  finish(): tf.TensorInfo[] {
    this.blocks.forEach(({ parameters, bias, shared }, i) => {
      const sums = { ...parameters.finish(), ...bias?.finish(), ...shared?.finish() };
      for (const [name, sum] of Object.entries(sums)) {
        this.#outputs[inputName(name, i)] = sum;
      }
    });
    return Object.keys(this.#inputs).map((name) => this.#outputs[name]);
  }
}

function sharedSums(backend: SimdBackend, { K, V, far }: BlockTensors): Lanes | undefined {
  if (!K || !V || !far) return undefined;
  return new Lanes(backend, { K: K.shape, V: V.shape, far: far.shape });
}

/** Inputs that only the first block has, so that their names have no number. */
const FIRST = ['gain', 'keep', 'inject'];
const inputName = (name: string, block: number) =>
  FIRST.includes(name) ? name : `${name}${block}`;
