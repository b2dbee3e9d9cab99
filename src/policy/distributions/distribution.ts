import type * as tf from '@tensorflow/tfjs-core';
import type { MaskRow } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { Tempering } from './temper.ts';

/** The choices that a thought has after a ponder step. */
export interface Choices {
  /** Whether it may act: it has taken `minSteps`. */
  act: boolean;
  /** Whether it may think on: it has not taken `maxSteps`. */
  think: boolean;
}

/** The halting probability and the value of a thought after a ponder step. */
export interface Reading {
  /** The probability of acting, in [0, 1]. */
  halt: number;
  /** The expected net return, in the unit that the value head learned. */
  value: number;
}

/**
 * Computes a `Reading` from the numbers of the heads for one thought: the parameters of the action distribution [P],
 * the value, the halting logit, the allowed actions and the choices.
 */
export type HeadReading = (
  params: Float32Array,
  value: number,
  haltLogit: number,
  mask: MaskRow | undefined,
  may: Choices,
) => Reading;

/**
 * A family of action distributions. Its parameters come from the policy head, P numbers for each row; its actions are
 * flat rows, as the action space writes them.
 *
 * `sample`, `mode`, `score`, `scoreGradient`, `divergence` and `shift` work on single rows on the host, in float64;
 * `logProb`, `entropy` and `kl` compute the same functions on batches of tensors.
 */
export interface Distribution {
  /** The actions in words: `4 choices`. */
  readonly summary: string;
  /** Parameters that the head computes from the readout: P minus `free.count`. */
  readonly outputs: number;
  /** Parameters that do not depend on the observation, and their initial value: one for all, or drawn for each. */
  readonly free: { count: number; initial: number | ((index: number, rng: Rng) => number) };
  /** Numbers in an action's row. */
  readonly actionSize: number;
  /** Numbers in a mask's row; 0 where the family takes no mask. */
  readonly maskSize: number;

  /** Draws an action into `action` [actionSize] and returns its log-probability. */
  sample(params: Float32Array, mask: MaskRow | undefined, rng: Rng, action: Float32Array): number;
  /** Writes the most likely action into `action` [actionSize] and returns its log-probability. */
  mode(params: Float32Array, mask: MaskRow | undefined, action: Float32Array): number;
  /**
   * ln π(action) and the entropy of one distribution, in nats. For a Box, π is the density by the numbers of the action's
   * row, whose unit is half the range of each entry. For actions of several parts, see `entropy`.
   */
  score(
    params: Float32Array,
    mask: MaskRow | undefined,
    action: Float32Array,
  ): { logProb: number; entropy: number };
  /** Writes the gradient of `a·logProb + b·entropy`, as `score` gives them, by the parameters into `gradient` [P]. */
  scoreGradient(
    params: Float32Array,
    mask: MaskRow | undefined,
    action: Float32Array,
    a: number,
    b: number,
    gradient: Float32Array,
  ): void;
  /**
   * `score`'s logProb, and `scoreGradient` with a and b = 0, in one pass, where that is faster than the two.
   * @returns ln π(action)
   */
  logProbGradient?(
    params: Float32Array,
    mask: MaskRow | undefined,
    action: Float32Array,
    a: number,
    gradient: Float32Array,
  ): number;
  /** KL(p ‖ q) of two distributions, in nats; for actions of several parts, given the most likely choices of p. */
  divergence(p: Float32Array, q: Float32Array, mask: MaskRow | undefined): number;
  /**
   * The distance between the most likely actions of p and q: 0 for the same choice, ∞ for another one; for a Box, the
   * largest distance of an entry, in standard deviations of q. For actions of several parts, the largest of a part.
   */
  shift(p: Float32Array, q: Float32Array, mask: MaskRow | undefined): number;
  /** Parameters from which `sample` draws as `how` says; absent where actions are no choices that are drawn from logits. */
  tempered?(params: Float32Array, mask: MaskRow | undefined, how: Tempering): Float32Array;
  /** The meaning of the numbers of `describe`. */
  readonly describes: 'probabilities' | 'means' | 'values' | 'parts';
  /**
   * The distribution in numbers for people: the probabilities of the choices, one component after another; for a Box,
   * the means in the space's units; or the values of the choices, where the algorithm learns values. For actions of
   * several parts, these of one part after another, each given the most likely choices of those before it.
   * @param scale the factor of the rewards in learning, by which it divides values; default 1
   */
  describe(params: Float32Array, mask: MaskRow | undefined, scale?: number): number[];

  /**
   * ln π(action) of each row.
   * @param params [B, P]
   * @param actions [B, actionSize]
   * @param masks [B, maskSize], 1 for each choice that is allowed
   * @returns [B], in nats
   */
  logProb(params: tf.Tensor2D, actions: tf.Tensor2D, masks?: tf.Tensor2D): tf.Tensor1D;
  /**
   * The entropy of each row; for actions of several parts, the sum of the parts' entropies, each given the action's parts
   * before it. Its mean over actions is the entropy.
   * @param params [B, P]
   * @param masks [B, maskSize], or undefined
   * @param actions [B, actionSize]
   * @returns [B], in nats
   */
  entropy(params: tf.Tensor2D, masks: tf.Tensor2D | undefined, actions: tf.Tensor2D): tf.Tensor1D;
  /**
   * KL(p ‖ q) of each row; for actions of several parts, given the action's parts, as `entropy`.
   * @param p [B, P]
   * @param q [B, P]
   * @param masks [B, maskSize], or undefined
   * @param actions [B, actionSize]
   * @returns [B], in nats
   */
  kl(
    p: tf.Tensor2D,
    q: tf.Tensor2D,
    masks: tf.Tensor2D | undefined,
    actions: tf.Tensor2D,
  ): tf.Tensor1D;

  /**
   * Reads the heads where they give values of choices. Without it, the value column is the value of the state, and
   * `haltProbability` gives the probability of acting.
   */
  readonly reading?: HeadReading;

  /** The value of the action space for an action row [actionSize]: the environment's input. */
  toAction(row: Float32Array): unknown;
  /** Writes the action row [actionSize] of an action, of which `flat` [space.size] is what its space writes. */
  fromFlat(flat: Float32Array, action: Float32Array): void;
}
