import type * as tf from '@tensorflow/tfjs-core';
import type { ActionMask } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';

/** What may be done after a ponder step. */
export interface Choices {
  /** minSteps are taken. */
  act: boolean;
  /** maxSteps are not. */
  think: boolean;
}

/** What the heads say of a thought after a ponder step. */
export interface Reading {
  /** The probability to act, in [0, 1]. */
  halt: number;
  /** Of the state, whatever is done. */
  value: number;
}

/**
 * Makes of what the heads say of one thought what thoughts and learning go by.
 * @param params of the action distribution [P]
 * @param value, haltLogit the columns after them
 */
export type HeadReading = (
  params: Float32Array,
  value: number,
  haltLogit: number,
  mask: ActionMask | undefined,
  may: Choices,
) => Reading;

/**
 * A family of action distributions. Its parameters come from the policy head, P numbers a row; its
 * actions are flat rows, as the action space writes them.
 *
 * The host side works on single rows, in float64, where the numbers are at hand; the tensor side on
 * batches. Both compute the same function, which a test asserts.
 */
export interface Distribution {
  /** Parameters a row that the head computes from the readout (P, less the free ones). */
  readonly outputs: number;
  /** Parameters a row that depend on no observation, learned as such, with their initial value. */
  readonly free: { count: number; initial: number };
  /** Numbers in an action's row. */
  readonly actionSize: number;
  /** Numbers in a mask's row; 0 where the family takes none. */
  readonly maskSize: number;

  /** Draws an action into `action` and returns its log-probability. */
  sample(
    params: Float32Array,
    mask: ActionMask | undefined,
    rng: Rng,
    action: Float32Array,
  ): number;
  /** Writes the most likely action and returns its log-probability. */
  mode(params: Float32Array, mask: ActionMask | undefined, action: Float32Array): number;
  /** ln π(action) and the entropy of a row, in nats. */
  score(
    params: Float32Array,
    mask: ActionMask | undefined,
    action: Float32Array,
  ): { logProb: number; entropy: number };
  /** Writes the gradient of `a·ln π(action) + b·entropy` by a row's parameters. */
  scoreGradient(
    params: Float32Array,
    mask: ActionMask | undefined,
    action: Float32Array,
    a: number,
    b: number,
    gradient: Float32Array,
  ): void;
  /** KL(p ‖ q), in nats. */
  divergence(p: Float32Array, q: Float32Array, mask: ActionMask | undefined): number;
  /**
   * How far the most likely action of q lies from that of p: 0 where it is the same, ∞ where it is another choice;
   * of a Box, the largest distance of an entry in standard deviations of q.
   */
  shift(p: Float32Array, q: Float32Array, mask: ActionMask | undefined): number;
  /** What the numbers of `describe` are. */
  readonly describes: 'probabilities' | 'means' | 'values';
  /**
   * What a person wants to see of it: probabilities of the choices one component after another,
   * or, for Box, the means in the space's own units; values of the choices, where it is by those that one is chosen.
   * @param scale what rewards were multiplied by as values were learned
   */
  describe(params: Float32Array, mask: ActionMask | undefined, scale?: number): number[];

  /** @param params [B, P] @param actions [B, actionSize] @param masks [B, maskSize] @returns [B] */
  logProb(params: tf.Tensor2D, actions: tf.Tensor2D, masks?: tf.Tensor2D): tf.Tensor1D;
  /** @returns [B], in nats */
  entropy(params: tf.Tensor2D, masks?: tf.Tensor2D): tf.Tensor1D;
  /** KL(p ‖ q) by row. @returns [B] */
  kl(p: tf.Tensor2D, q: tf.Tensor2D, masks?: tf.Tensor2D): tf.Tensor1D;

  /** Reads the heads where they give values of choices; unless given, the value is that of the state, and `haltProbability` of the logit its halt. */
  readonly reading?: HeadReading;

  /** The space's value for an action row: what the environment is given. */
  toAction(row: Float32Array): unknown;
}
