import type * as tf from '@tensorflow/tfjs-core';
import type { Output, SimdBackend } from '../runtime/simd-backend.ts';
import { type BlockTensors, parameterShapes } from './block.ts';
import type { BlockSums } from './block-gradient.ts';
import { Lanes } from './lane-sum.ts';

/** Sums of the gradients of all inputs, in the order of the inputs. */
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
      dk: zeros(`k${i}`),
      dv: zeros(`v${i}`),
      dinject: i === 0 ? zeros('inject') : undefined,
    }));
  }

  finish(): tf.TensorInfo[] {
    this.blocks.forEach(({ parameters, bias }, i) => {
      for (const [name, sum] of Object.entries({ ...parameters.finish(), ...bias?.finish() })) {
        this.#outputs[inputName(name, i)] = sum;
      }
    });
    return Object.keys(this.#inputs).map((name) => this.#outputs[name]);
  }
}

/** What only the first block has, so that its inputs are not numbered. */
const FIRST = ['gain', 'keep', 'inject'];
const inputName = (name: string, block: number) =>
  FIRST.includes(name) ? name : `${name}${block}`;
