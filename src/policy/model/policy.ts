import * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import {
  type HeadWeights,
  heads,
  loopStep,
  Rng,
  STEP_FEATURES,
  takeRows,
  unroll,
} from '../../kernels/index.ts';
import type { CoreSizes } from '../core/block-weights.ts';
import type { Core, Thought, Token } from '../core/core.ts';
import { fullCore } from '../core/full.ts';
import { latentCore } from '../core/latent.ts';
import { type Distribution, distributionFor } from '../distributions/index.ts';
import { checkedEncoder, type EncoderFactory, encoderFor } from '../encoders/index.ts';
import { Parameters } from '../parameters/parameters.ts';
import { readoutAttention } from './readout-attention.ts';

export interface PolicyOptions extends CoreSizes {
  core: 'latent' | 'full';
  observationSpace: Space;
  actionSpace: Space;
  /** In place of the encoder for the observation space. */
  encoder?: EncoderFactory;
  /** In place of the distribution for the action space. */
  distribution?: Distribution;
  encoderOptions?: Record<string, unknown>;
  /** Logit of the halting head before it has learned anything. */
  haltBias: number;
  seed: number;
}

/** What the heads say after a ponder step: one row [P + 2] a thought. */
export interface Heads {
  /** Parameters of the action distribution [B, P]. */
  params: tf.Tensor2D;
  /** [B] */
  value: tf.Tensor1D;
  /** [B] */
  haltLogit: tf.Tensor1D;
}

/**
 * The looped transformer: `encoder → z_0; repeat { z ← core(z, e) }; heads(readout(z))`.
 *
 * While acting, `begin` runs once a decision and `step` once a ponder step; learning goes through whole
 * thoughts by `think`. `outputs` tells what the heads say of any state.
 */
export class Policy {
  readonly distribution: Distribution;
  readonly parameters: Parameters;
  readonly #encode: (rows: tf.Tensor2D) => tf.Tensor3D;
  readonly #core: Core;
  readonly #heads: HeadWeights;
  #disposed = false;

  /** @throws TypeError for spaces without an encoder or a head, RangeError for sizes that do not fit */
  constructor(options: PolicyOptions) {
    const { width, heads } = options;
    if (width % heads !== 0) {
      throw new RangeError(
        `policy: heads must divide width, got ${heads} heads and width ${width}`,
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
    this.#encode = (rows) => encoder.encode(rows);
    const factory = options.core === 'latent' ? latentCore : fullCore;
    this.#core = factory(options, encoder, this.parameters.scope('core'));
    this.#heads = this.#makeHeads(width, options.haltBias);
  }

  /** z_0 and the loop-invariant context of flat observations [B, size]. */
  begin(rows: tf.Tensor2D): Thought {
    this.#checkUsable();
    let thought = this.#core.begin(this.#encode(rows));
    for (let i = 0; i < this.#core.looks; i++) thought = { ...thought, z: this.step(thought) };
    return thought;
  }

  /** z_{n+1} [B, R, D]. */
  step(thought: Thought): tf.Tensor3D {
    this.#checkUsable();
    return loopStep(thought.z, this.#core.loop(thought));
  }

  /** The readouts [B, 1, D] of z_{n+1}, where no thought goes on: less work than `step`. */
  lastStep(thought: Thought): tf.Tensor3D {
    this.#checkUsable();
    return unroll(thought.z, this.#core.loop(thought), [thought.z.shape[0]]);
  }

  /** What the readout may attend to. */
  get tokens(): readonly Token[] {
    return this.#core.tokens;
  }

  /** How much the readout attends to each of `tokens` in a thought's next step, the mean over blocks and heads [B, tokens]. */
  attention(thought: Thought): tf.Tensor2D {
    return tf.tidy(() => {
      const blocks = readoutAttention(thought.z, this.#core.loop(thought));
      return tf.mean(tf.concat(blocks, 1), 1);
    });
  }

  /**
   * The readouts of whole thoughts about flat observations [B, size], depth by depth, end to end
   * [Σ reach, 1, D]: depth k (from 0) runs on the first `reach[k]` of them.
   */
  think(rows: tf.Tensor2D, reach: readonly number[]): tf.Tensor3D {
    this.#checkUsable();
    const batch = rows.shape[0];
    const looks = new Array<number>(this.#core.looks).fill(batch);
    const thought = this.#core.begin(this.#encode(rows));
    const readouts = unroll(thought.z, this.#core.loop(thought), [...looks, ...reach]);
    if (looks.length === 0) return readouts;
    const before = looks.length * batch;
    return takeRows(readouts, before, readouts.shape[0] - before) as tf.Tensor3D;
  }

  /**
   * Everything the heads say, in one tensor [B, P + 2]: distribution parameters, value, halting logit.
   * @param n ponder steps taken by each thought [B], or by all
   */
  outputs(z: tf.Tensor3D, n: ArrayLike<number> | number): tf.Tensor2D {
    return heads(z, n, this.#heads);
  }

  /** Splits `outputs` [B, P + 2]. */
  split(outputs: tf.Tensor2D): Heads {
    const width = outputs.shape[1] - 2;
    return {
      params: tf.slice(outputs, [0, 0], [-1, width]),
      value: tf.reshape(tf.slice(outputs, [0, width], [-1, 1]), [-1]),
      haltLogit: tf.reshape(tf.slice(outputs, [0, width + 1], [-1, 1]), [-1]),
    };
  }

  /** Its weights are gone: it thinks no more. */
  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    this.#disposed = true;
    this.parameters.dispose();
  }

  #checkUsable(): void {
    if (this.#disposed) throw new Error('Policy: it has been disposed of');
  }

  #makeHeads(width: number, haltBias: number): HeadWeights {
    const scope = this.parameters.scope('heads');
    const { outputs, free } = this.distribution;
    return {
      gain: scope.constant('readout', [width], 1),
      // The action head begins near uniform; the halting head knows nothing but its bias.
      action: scope.normal('action', [width, outputs], 0.01 / Math.sqrt(width)),
      actionBias: scope.constant('actionBias', [outputs], 0),
      value: scope.normal('value', [width + STEP_FEATURES, 1]),
      valueBias: scope.constant('valueBias', [1], 0),
      halt: scope.constant('halt', [width + STEP_FEATURES, 1], 0),
      haltBias: scope.constant('haltBias', [1], haltBias),
      ...(free.count > 0 && { free: scope.constant('free', [free.count], free.initial) }),
    };
  }
}
