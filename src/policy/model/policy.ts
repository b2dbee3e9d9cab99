import * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import { Rng } from '../../kernels/common/index.ts';
import {
  gatherRows,
  type HeadWeights,
  heads,
  loopStep,
  STEP_FEATURES,
  takeRows,
  tensorOf,
  unroll,
} from '../../kernels/ops/index.ts';
import type { CoreSizes } from '../core/block-weights.ts';
import type { Core, Thought, Token } from '../core/core.ts';
import { fullCore } from '../core/full.ts';
import { latentCore } from '../core/latent.ts';
import { type Distribution, distributionFor } from '../distributions/index.ts';
import {
  checkedEncoder,
  type Encoder,
  type EncoderFactory,
  encoderFor,
  summaryOf,
} from '../encoders/index.ts';
import { EntryReader, type Keep, type MemorySizes, type PackedPasts } from '../memory/index.ts';
import { Parameters } from '../parameters/parameters.ts';
import { EnvironmentModel } from './environment-model.ts';
import { type MultiplyAdds, multiplyAddsOf } from './multiply-adds.ts';
import { readoutAttention } from './readout-attention.ts';

/** The spaces, sizes and seed of a policy. */
export interface PolicyOptions extends CoreSizes {
  /** `latent`: readout and registers recur and attend to the observation; `full`: all tokens recur. */
  core: 'latent' | 'full';
  /** The space of its observations. */
  observationSpace: Space;
  /** The space of its actions. */
  actionSpace: Space;
  /** Replaces the default encoder of the observation space. */
  encoder?: EncoderFactory;
  /** Replaces the default distribution of the action space. */
  distribution?: Distribution;
  /** Options for `encoder`. */
  encoderOptions?: Record<string, unknown>;
  /** The halting head's first logit. */
  haltBias: number;
  /** The memory across decisions; default: none. */
  memory?: MemorySizes;
  /** Whether it has a model of its environment, to imagine what actions lead to; default `false`. */
  model?: boolean;
  /** Seeds the weights. */
  seed: number;
}

/** What thoughts begin with: flat observations [B, space.size], or decisions with their entries of memory. */
export type Given = tf.Tensor2D | PackedPasts;

/** The output of the heads after a ponder step, P + 2 numbers for each thought. */
export interface Heads {
  /** Parameters of the action distribution [B, P]. */
  params: tf.Tensor2D;
  /** Values [B]. */
  value: tf.Tensor1D;
  /** Halting logits [B]. */
  haltLogit: tf.Tensor1D;
}

/**
 * The network, a looped transformer: `encoder → z_0; repeat { z ← core(z, e) }; heads(readout(z))`.
 *
 * A decider calls `begin` once for each decision, `step` once for each ponder step, and `outputs` for the heads.
 * A learner calls `think`, which unrolls whole thoughts.
 */
export class Policy {
  /** The family of its action distributions. */
  readonly distribution: Distribution;
  /** Its weights. */
  readonly parameters: Parameters;
  /** Reads the entries of its memory; undefined where it has none. */
  readonly entries: EntryReader | undefined;
  /** What it imagines by; undefined where it has no model of its environment. */
  readonly model: EnvironmentModel | undefined;
  /** What its parts compute. */
  readonly multiplyAdds: MultiplyAdds;
  readonly #encoder: Encoder;
  readonly #core: Core;
  readonly #heads: HeadWeights;
  #disposed = false;

  /**
   * Makes a policy with new weights; `loadBackend` must have run before.
   * @throws TypeError for spaces without an encoder or a distribution, RangeError for sizes that do not fit
   */
  constructor(options: PolicyOptions) {
    const { width, heads } = options;
    if (width % heads !== 0) {
      throw new RangeError(
        `policy.heads: expected a divisor of policy.width = ${width}, got ${heads}`,
      );
    }
    this.parameters = new Parameters(Rng.seed(options.seed, 'policy'));
    this.distribution = options.distribution ?? distributionFor(options.actionSpace);
    const make = options.encoder ?? encoderFor;
    const made = make(
      options.observationSpace,
      width,
      this.parameters.scope('encoder'),
      options.encoderOptions,
    );
    const encoder = options.encoder ? checkedEncoder(made, options.observationSpace, width) : made;
    const { multiplyAdds = this.parameters.size } = encoder;
    this.#encoder = encoder;
    const factory = options.core === 'latent' ? latentCore : fullCore;
    const { memory = { length: 0, prelude: 0 } } = options;
    this.#core = factory(options, encoder, this.parameters.scope('core'), memory.length);
    if (memory.length > 0) {
      const scope = this.parameters.scope('memory');
      const sizes = { ...options, ...memory };
      this.entries = new EntryReader(sizes, encoder, options.actionSpace, scope);
    }
    this.#heads = this.#makeHeads(width, options.haltBias);
    this.model = options.model
      ? new EnvironmentModel(this.parameters.scope('model'), width, options.actionSpace)
      : undefined;
    this.multiplyAdds = multiplyAddsOf({
      ...{ ...options, tokens: encoder.tokens, encoder: multiplyAdds },
      outputs: this.distribution.outputs,
      memory: this.entries && {
        ...this.entries.sizes,
        features: this.entries.features.size,
        summary: this.entries.summaryMultiplyAdds,
      },
    });
  }

  /**
   * Encodes observations and makes z_0.
   * @param given flat observations [B, space.size]; for a policy with a memory, decisions with their entries
   * @param keep puts keys and values of entries into tables that hold those of former ones; the ranges are ranges of these
   */
  begin(given: Given, keep?: Keep): Thought {
    this.#checkUsable();
    let thought = this.#begin(given, keep);
    for (let i = 0; i < this.#core.burnInSteps; i++)
      thought = { ...thought, z: this.step(thought) };
    return thought;
  }

  /** Takes a ponder step: the next latent state z_{n+1} [B, R, D]. */
  step(thought: Thought): tf.Tensor3D {
    this.#checkUsable();
    return loopStep(thought.z, this.#core.loop(thought));
  }

  /**
   * Imagines that an action is taken after each thought, by a ponder step.
   * @param actions flat actions [B, 1]
   * @returns the thoughts that follow; they attend to the same observations
   * @throws Error where it has no model
   */
  imagine(thought: Thought, actions: tf.Tensor2D): Thought {
    if (this.model === undefined)
      throw new Error(
        'Policy.imagine: expected a policy with a model of its environment, got none',
      );
    return { ...thought, z: this.step({ ...thought, z: this.model.acted(thought.z, actions) }) };
  }

  /** Takes the last ponder step of all thoughts: only their readouts [B, 1, D], which is less work than `step`. */
  lastStep(thought: Thought): tf.Tensor3D {
    this.#checkUsable();
    return unroll(thought.z, this.#core.loop(thought), [thought.z.shape[0]]);
  }

  /**
   * What it makes of an observation and of an action, in words, such as `vector of 4 numbers` and `2 choices`.
   */
  get summaries(): { observation: string; action: string } {
    return { observation: summaryOf(this.#encoder), action: this.distribution.summary };
  }

  /** The tokens that the readout attends to. */
  get tokens(): readonly Token[] {
    return this.#core.tokens;
  }

  /**
   * The readout's attention in the next ponder step, the mean over blocks and heads: to each of `tokens`, and, with a memory, to
   * each of the last `memory.length` entries, the decision's own last and 0 where there is none [B, tokens + length].
   */
  attention(thought: Thought): tf.Tensor2D {
    return tf.tidy(() => {
      const blocks = readoutAttention(thought.z, this.#core.loop(thought));
      return tf.mean(tf.concat(blocks, 1), 1);
    });
  }

  /**
   * Unrolls whole thoughts, for learning.
   * @param given as of `begin`
   * @param reach at index k, the number of observations that take ponder step k + 1: the first ones of the batch
   * @returns the readouts of all depths, one depth after another [M, 1, D], where M is the sum of `reach`
   */
  think(given: Given, reach: readonly number[]): tf.Tensor3D {
    this.#checkUsable();
    const thought = this.#begin(given);
    const batch = thought.z.shape[0];
    const burnInSteps = new Array<number>(this.#core.burnInSteps).fill(batch);
    const readouts = unroll(thought.z, this.#core.loop(thought), [...burnInSteps, ...reach]);
    if (burnInSteps.length === 0) return readouts;
    const before = burnInSteps.length * batch;
    return takeRows(readouts, before, readouts.shape[0] - before) as tf.Tensor3D;
  }

  /**
   * The output of the heads in one tensor [B, P + 2]: distribution parameters, value, halting logit.
   * @param z latent states, or readouts [B, 1, D]
   * @param n ponder steps of each thought [B], or of all; as a tensor [B] for a graph that is exported
   */
  outputs(z: tf.Tensor3D, n: ArrayLike<number> | number | tf.Tensor1D): tf.Tensor2D {
    return heads(z, n, this.#heads);
  }

  /** Splits the tensor of `outputs` [B, P + 2]. */
  split(outputs: tf.Tensor2D): Heads {
    const width = outputs.shape[1] - 2;
    return {
      params: tf.slice(outputs, [0, 0], [-1, width]),
      value: tf.reshape(tf.slice(outputs, [0, width], [-1, 1]), [-1]),
      haltLogit: tf.reshape(tf.slice(outputs, [0, width + 1], [-1, 1]), [-1]),
    };
  }

  /** Whether `dispose` has freed its weights. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Frees the weights; the policy cannot think after it. */
  dispose(): void {
    this.#disposed = true;
    this.parameters.dispose();
  }

  #begin(given: Given, keep: Keep = (_, rows) => rows): Thought {
    const encoder = this.#encoder;
    if ('own' in given) return this.#beginWithEntries(given, keep);
    return this.#core.begin(encoder.encode(given), encoder.present?.(given));
  }

  /** Encodes each entry once: as what a decision sees, and as what later ones remember. */
  #beginWithEntries({ rows, features, ranges, own }: PackedPasts, keep: Keep): Thought {
    const reader = this.entries!;
    const count = ranges.end.length;
    const observed = tensorOf(rows, [count, rows.length / count]) as tf.Tensor2D;
    const tokens = this.#encoder.encode(observed);
    const present = this.#encoder.present?.(observed);
    const beside = tensorOf(features, [count, reader.features.size]) as tf.Tensor2D;
    const entries = reader.read(tokens, present, beside, ranges, keep);
    const tables = this.#core.remember(entries).map((table, i) => keep(reader.tables + i, table));
    // Where each entry is of a decision, as in sessions, all are taken as they are.
    const all = own.length === count && own.every((row, i) => row === i);
    const ofOwn = <T extends tf.Tensor>(x: T) => (all ? x : (gatherRows(x, own) as T));
    const thought = this.#core.begin(ofOwn(tokens), present && ofOwn(present), ofOwn(entries));
    const reads = {
      begin: own.map((i) => ranges.begin[i]),
      end: own.map((i) => ranges.end[i]),
    };
    return { ...thought, memory: { tables, ranges: reads } };
  }

  #checkUsable(): void {
    if (this.#disposed)
      throw new Error('Policy: expected a policy in use, got one that was disposed of');
  }

  #makeHeads(width: number, haltBias: number): HeadWeights {
    const scope = this.parameters.scope('heads');
    const { outputs, free } = this.distribution;
    const initial = typeof free.initial === 'number' ? () => free.initial as number : free.initial;
    return {
      gain: scope.constant('readout', [width], 1),
      // The first actions are nearly uniform, and the first halting probability is that of the bias.
      action: scope.normal('action', [width, outputs], 0.01 / Math.sqrt(width)),
      actionBias: scope.constant('actionBias', [outputs], 0),
      value: scope.normal('value', [width + STEP_FEATURES, 1]),
      valueBias: scope.constant('valueBias', [1], 0),
      halt: scope.constant('halt', [width + STEP_FEATURES, 1], 0),
      haltBias: scope.constant('haltBias', [1], haltBias),
      ...(free.count > 0 && { free: scope.filled('free', [free.count], initial) }),
    };
  }
}
