import * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../envs/index.ts';
import { linear, Rng, unroll } from '../kernels/index.ts';
import { type CoreSizes, norm } from './core/block.ts';
import type { Core, Thought } from './core/core.ts';
import { fullCore } from './core/full.ts';
import { latentCore } from './core/latent.ts';
import { type Distribution, distributionFor } from './distributions/index.ts';
import { type EncoderFactory, encoderFor } from './encoders/index.ts';
import { Parameters } from './parameters.ts';

export interface PolicyOptions extends CoreSizes {
  core: 'latent' | 'full';
  observationSpace: Space;
  actionSpace: Space;
  /** In place of the encoder for the observation space. */
  encoder?: EncoderFactory;
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

/** φ(n) = (ln n, 1/n): smooth, so that the heads extend to more steps than were trained. */
const STEP_FEATURES = 2;

/**
 * The looped transformer: `encoder → z_0; repeat { z ← core(z, e) }; heads(readout(z))`.
 *
 * `begin` runs once a decision, `step` once a ponder step, `heads` wherever an output is wanted.
 */
export class Policy {
  readonly distribution: Distribution;
  readonly parameters: Parameters;
  readonly #encode: (rows: tf.Tensor2D) => tf.Tensor3D;
  readonly #core: Core;
  readonly #heads: (z: tf.Tensor3D, phi: tf.Tensor2D) => tf.Tensor2D;

  /** @throws TypeError for spaces without an encoder or a head, RangeError for sizes that do not fit */
  constructor(options: PolicyOptions) {
    const { width, heads } = options;
    if (width % heads !== 0) {
      throw new RangeError(
        `policy: heads must divide width, got ${heads} heads and width ${width}`,
      );
    }
    this.parameters = new Parameters(Rng.seed(options.seed, 'policy'));
    this.distribution = distributionFor(options.actionSpace);
    const make = options.encoder ?? encoderFor;
    const encoder = make(
      options.observationSpace,
      width,
      this.parameters.scope('encoder'),
      options.encoderOptions,
    );
    this.#encode = (rows) => encoder.encode(rows);
    const factory = options.core === 'latent' ? latentCore : fullCore;
    this.#core = factory(options, encoder, this.parameters.scope('core'));
    this.#heads = this.#makeHeads(width, options.haltBias);
  }

  /** z_0 and the loop-invariant context of flat observations [B, size]. */
  begin(rows: tf.Tensor2D): Thought {
    return this.#core.begin(this.#encode(rows));
  }

  /** z_{n+1} [B, R, D]. */
  step(thought: Thought): tf.Tensor3D {
    return this.unroll(thought, [thought.z.shape[0]]);
  }

  /**
   * The states that follow, depth by depth, end to end [Σ reach, R, D]: depth k runs on the first
   * `reach[k]` thoughts.
   */
  unroll(thought: Thought, reach: readonly number[]): tf.Tensor3D {
    return unroll(thought.z, this.#core.loop(thought), reach);
  }

  /**
   * Everything the heads say, in one tensor [B, P + 2]: distribution parameters, value, halting logit.
   * @param n ponder steps taken by each thought [B], or by all
   */
  outputs(z: tf.Tensor3D, n: Float32Array | number): tf.Tensor2D {
    return tf.tidy(() => {
      const batch = z.shape[0];
      const phi = new Float32Array(batch * STEP_FEATURES);
      for (let i = 0; i < batch; i++) {
        const steps = typeof n === 'number' ? n : n[i];
        phi[STEP_FEATURES * i] = Math.log(steps);
        phi[STEP_FEATURES * i + 1] = 1 / steps;
      }
      return this.#heads(z, tf.tensor2d(phi, [batch, STEP_FEATURES]));
    });
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

  dispose(): void {
    this.parameters.dispose();
  }

  #makeHeads(width: number, haltBias: number) {
    const scope = this.parameters.scope('heads');
    const { outputs, free } = this.distribution;
    const readout = norm(scope, 'readout', width);
    // The action head begins near uniform; the halting head knows nothing but its bias.
    const action = scope.normal('action', [width, outputs], 0.01 / Math.sqrt(width));
    const actionBias = scope.constant('actionBias', [outputs], 0);
    const value = scope.normal('value', [width + STEP_FEATURES, 1]);
    const valueBias = scope.constant('valueBias', [1], 0);
    const halt = scope.constant('halt', [width + STEP_FEATURES, 1], 0);
    const haltBiasVariable = scope.constant('haltBias', [1], haltBias);
    const freeParams = free.count > 0 ? scope.constant('free', [free.count], free.initial) : null;
    return (z: tf.Tensor3D, phi: tf.Tensor2D): tf.Tensor2D => {
      const batch = z.shape[0];
      const token = tf.reshape(tf.slice(z, [0, 0, 0], [-1, 1, -1]), [batch, width]);
      const h = readout(token) as tf.Tensor2D;
      const seen = tf.concat([h, phi], 1);
      const parts = [linear(h, action as tf.Tensor2D, actionBias as tf.Tensor1D)];
      if (freeParams !== null) parts.push(tf.add(tf.zeros([batch, free.count]), freeParams));
      parts.push(
        linear(seen, value as tf.Tensor2D, valueBias as tf.Tensor1D),
        linear(seen, halt as tf.Tensor2D, haltBiasVariable as tf.Tensor1D),
      );
      return tf.concat(parts as tf.Tensor2D[], 1);
    };
  }
}
