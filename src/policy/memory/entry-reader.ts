import * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import {
  attention,
  type BlockWeights,
  linear,
  loopStep,
  type Ranges,
  repeat,
  reshaped,
} from '../../kernels/ops/index.ts';
import {
  attentionWeights,
  type CoreSizes,
  forwardWeights,
  norm,
  projection,
} from '../core/block-weights.ts';
import { maskOf } from '../core/core-tokens.ts';
import { type MemoryWeights, memoryWeights } from '../core/memory-attention.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type EntryFeatures, entryFeatures } from './entry-features.ts';
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
 * The entries of a policy's memory: a summary of what was seen (attention of one learned query to the tokens of the
 * observation, as in Set Transformer's pooling, Lee et al. 2019, arXiv 1810.00825) and of what had led to it, after `prelude`
 * causal blocks. It is a function of histories and weights alone: no thought is in it.
 */
export class EntryReader {
  /** How entries are written as numbers. */
  readonly features: EntryFeatures;
  readonly sizes: MemorySizes;
  readonly #heads: number;
  readonly #tokenNorm: (x: tf.Tensor) => tf.Tensor;
  readonly #query: tf.Tensor;
  readonly #key: (x: tf.Tensor) => tf.Tensor;
  readonly #value: (x: tf.Tensor) => tf.Tensor;
  readonly #beside: tf.Tensor;
  readonly #besideBias: tf.Tensor;
  readonly #prelude: PreludeBlock[];
  readonly #out: (x: tf.Tensor) => tf.Tensor;

  constructor(sizes: CoreSizes & MemorySizes, actionSpace: Space, parameters: Parameters) {
    const { width, heads, length, prelude } = sizes;
    this.sizes = { length, prelude };
    this.#heads = heads;
    this.features = entryFeatures(actionSpace, length);
    this.#tokenNorm = norm(parameters, 'tokens', width);
    // At first it attends to all tokens alike.
    this.#query = parameters.constant('query', [1, width], 0);
    this.#key = projection(parameters, 'key', width, width);
    this.#value = projection(parameters, 'value', width, width);
    this.#beside = parameters.normal('beside', [this.features.size, width], 0.5);
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
    const normed = this.#tokenNorm(tokens);
    const query = repeat(this.#query, count);
    const mask = present && maskOf(present, 0, 0);
    const heads = this.#heads;
    const seen = attention(query, this.#key(normed), this.#value(normed), heads, undefined, mask);
    const beside = linear(features, this.#beside, this.#besideBias);
    let x = tf.add(seen, tf.expandDims(beside, 1));
    this.#prelude.forEach(({ gain, keyNorm, weights, memory }, i) => {
      const { k, v } = memory.project(reshaped(keyNorm(x), [count, width]));
      const tables = { k: keep(2 * i, k), v: keep(2 * i + 1, v) };
      const block = { weights, memory: { ...tables, bias: memory.bias } };
      x = loopStep(x, { gain, heads, blocks: [block], ranges });
    });
    return reshaped(this.#out(x), [count, width]) as tf.Tensor2D;
  }
}
