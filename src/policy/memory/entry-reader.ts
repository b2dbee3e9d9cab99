import * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import {
  type BlockWeights,
  linear,
  loopStep,
  type Ranges,
  reshaped,
} from '../../kernels/ops/index.ts';
import { attentionWeights, type CoreSizes, forwardWeights, norm } from '../core/block-weights.ts';
import { type MemoryWeights, memoryWeights } from '../core/memory-attention.ts';
import type { Encoder } from '../encoders/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type EntryFeatures, entryFeatures } from './entry-features.ts';
import { type EntrySummary, entrySummary, summaryMultiplyAdds } from './entry-summary.ts';
import type { MemorySizes } from './memory-sizes.ts';

/**
 * Puts rows into table `index` and returns the table. In learning the rows are the table; in acting they join those of former
 * entries.
 */
export type Keep = (index: number, rows: tf.Tensor) => tf.Tensor;

/** A block of the prelude: a causal transformer block over entries. */
interface PreludeBlock {
  gain: tf.Tensor;
  keyNorm: (x: tf.Tensor) => tf.Tensor;
  weights: BlockWeights;
  memory: MemoryWeights;
}

/**
 * The entries of a policy's memory: a summary of what was seen and of what had led to it, after `prelude` causal blocks. It is a
 * function of histories and weights alone: no thought is in it.
 */
export class EntryReader {
  /** How entries are written as numbers. */
  readonly features: EntryFeatures;
  readonly sizes: MemorySizes;
  /** Multiply-adds of the summary of an entry's observation. */
  readonly summaryMultiplyAdds: number;
  readonly #heads: number;
  readonly #summary: EntrySummary;
  readonly #beside: tf.Tensor;
  readonly #besideBias: tf.Tensor;
  readonly #prelude: PreludeBlock[];
  readonly #out: (x: tf.Tensor) => tf.Tensor;

  constructor(
    sizes: CoreSizes & MemorySizes,
    encoder: Encoder,
    actionSpace: Space,
    parameters: Parameters,
  ) {
    const { width, heads, length, prelude, observationsOnly = false } = sizes;
    this.sizes = { length, prelude, observationsOnly };
    this.#heads = heads;
    this.features = entryFeatures(actionSpace, this.sizes);
    this.summaryMultiplyAdds = summaryMultiplyAdds(encoder, width);
    this.#summary = entrySummary(encoder, sizes, parameters.scope('summary'));
    this.#beside = parameters.normal('beside', [this.features.size, width]);
    this.#besideBias = parameters.constant('besideBias', [width], 0);
    this.#prelude = Array.from({ length: prelude }, (_, i) => {
      const scope = parameters.scope(`block${i}`);
      return {
        gain: scope.constant('state', [width], 1),
        keyNorm: norm(scope, 'keys', width),
        weights: {
          ...attentionWeights(scope.scope('attention'), sizes),
          ...forwardWeights(scope.scope('forward'), sizes),
        },
        memory: memoryWeights(scope, sizes, length),
      };
    });
    this.#out = norm(parameters, 'entries', width);
  }

  /** Number of tables of the prelude; those of the core follow them. */
  get tables(): number {
    return 2 * this.#prelude.length;
  }

  /**
   * Reads entries.
   * @param tokens of the encoder [M, S, D]
   * @param present 1 for each of them that is there [M, S]; undefined where all are
   * @param features [M, F]
   * @param ranges the rows of the tables that each entry attends to
   * @param keep puts keys and values of the prelude into tables
   * @returns [M, D]
   */
  read(
    tokens: tf.Tensor3D,
    present: tf.Tensor2D | undefined,
    features: tf.Tensor2D,
    ranges: Ranges,
    keep: Keep,
  ): tf.Tensor2D {
    const [count, , width] = tokens.shape;
    const heads = this.#heads;
    const beside = linear(features, this.#beside, this.#besideBias);
    let x = reshaped(tf.add(this.#summary(tokens, present), beside), [count, 1, width]);
    this.#prelude.forEach(({ gain, keyNorm, weights, memory }, i) => {
      const { k, v } = memory.project(reshaped(keyNorm(x), [count, width]));
      const tables = { k: keep(2 * i, k), v: keep(2 * i + 1, v) };
      const block = { weights, memory: { ...tables, bias: memory.bias } };
      x = loopStep(x, { gain, heads, blocks: [block], ranges });
    });
    return reshaped(this.#out(x), [count, width]) as tf.Tensor2D;
  }
}
