import * as tf from '@tensorflow/tfjs-core';
import { linear, type Memory, reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { CoreSizes } from './block-weights.ts';
import type { ThoughtMemory } from './core.ts';

/** The weights by which a block attends to entries of memory. */
export interface MemoryWeights {
  /** Keys and values of entries. @param entries [M, D] @returns [M, D] each */
  project(entries: tf.Tensor): { k: tf.Tensor; v: tf.Tensor };
  /** Added to the scores by distance [H, L]. */
  bias: tf.Tensor;
}

/**
 * Makes such weights. The bias by distance starts as that of ALiBi (Press et al. 2022, arXiv 2108.12409): a slope for each
 * head, so that some begin with what is near and others with all.
 * @param length entries that the block attends to (L)
 */
export function memoryWeights(
  parameters: Parameters,
  { width, heads }: CoreSizes,
  length: number,
): MemoryWeights {
  const key = parameters.normal('key', [width, width]);
  const value = parameters.normal('value', [width, width]);
  const bias = parameters.filled('distance', [heads, length], (index) => {
    const [head, distance] = [Math.floor(index / length), length - 1 - (index % length)];
    return -distance * 2 ** ((-8 * (head + 1)) / heads);
  });
  return { project: (entries) => ({ k: linear(entries, key), v: linear(entries, value) }), bias };
}

/** How a core attends to memory: weights for each of its blocks. */
export class MemoryAttention {
  readonly #blocks: MemoryWeights[];
  readonly #entry: tf.Tensor;

  constructor(parameters: Parameters, sizes: CoreSizes, length: number) {
    this.#blocks = Array.from({ length: sizes.blocks }, (_, i) =>
      memoryWeights(parameters.scope(`block${i}`), sizes, length),
    );
    this.#entry = parameters.normal('entry', [sizes.width, sizes.width]);
  }

  /** Keys and values of entries for each block. @param entries [M, D] @returns [M, D] each */
  tables(entries: tf.Tensor2D): tf.Tensor[] {
    return this.#blocks.flatMap((block) => {
      const { k, v } = block.project(entries);
      return [k, v];
    });
  }

  /** What block `i` attends to. */
  of(memory: ThoughtMemory | undefined, i: number): Memory | undefined {
    if (memory === undefined) return undefined;
    const { tables } = memory;
    return { k: tables[2 * i], v: tables[2 * i + 1], bias: this.#blocks[i].bias };
  }

  /** Adds what the entry of its own observation says to each of a thought's own tokens [B, R, D]. @param entry [B, D] */
  withEntry(own: tf.Tensor3D, entry: tf.Tensor2D): tf.Tensor3D {
    const said = linear(entry, this.#entry);
    return tf.add(own, reshaped(said, [entry.shape[0], 1, entry.shape[1]]));
  }
}
