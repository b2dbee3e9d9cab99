import type * as tf from '@tensorflow/tfjs-core';
import type { Loop, Ranges } from '../../kernels/index.ts';
import type { Encoder, Place } from '../encoders/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { CoreSizes } from './block-weights.ts';

/** The state of a batch of thoughts: the latent state, and the tensors that stay the same during a thought. */
export interface Thought {
  /** The latent state [B, R, D]; the readout is token 0. */
  z: tf.Tensor3D;
  /** Tensors of each thought that stay the same, such as its keys and values, each [B, …]. */
  context: tf.Tensor[];
  /** Tensors that all thoughts share. */
  shared: tf.Tensor[];
  /** The entries that each attends to, where the policy has a memory. */
  memory?: ThoughtMemory;
}

/** The entries of memory that a batch of thoughts attends to. Whoever makes the tables frees them. */
export interface ThoughtMemory {
  /** Keys and values of entries, [M, D] each, two for each block. */
  tables: tf.Tensor[];
  /** The rows that each thought attends to [B]. */
  ranges: Ranges;
}

/** A token that the readout attends to. */
export interface Token {
  /** Its name for people. */
  label: string;
  /** Its place, where the observation's tokens lie on a grid. */
  place?: Place;
  /** Present for a token of the thought itself: the readout or a register. */
  own?: true;
}

/** The recurrent part of a policy: a ponder step applies it once. */
export interface Core {
  /** Applications of the loop before the first ponder step, from the state of `begin` to z_0. */
  readonly burnInSteps: number;
  /** The tokens that the readout attends to, in the order of its keys. */
  readonly tokens: readonly Token[];
  /**
   * The first state and the context.
   * @param tokens of the encoder [B, S, D]
   * @param present 1 for each of them that is there, 0 for padding [B, S]; given where the encoder says so
   * @param entry the entry of each observation in memory [B, D], where the core has one
   */
  begin(tokens: tf.Tensor3D, present?: tf.Tensor2D, entry?: tf.Tensor2D): Thought;
  /** Keys and values of entries, two tensors for each block. @param entries [M, D] @returns [M, D] each */
  remember(entries: tf.Tensor2D): tf.Tensor[];
  /** The loop that turns z_n into z_{n+1}. */
  loop(thought: Omit<Thought, 'z'>): Loop;
}

/**
 * Makes a core for an encoder.
 * @param window entries of memory that it attends to (L); default: 0, for a core without a memory
 */
export type CoreFactory = (
  sizes: CoreSizes,
  encoder: Encoder,
  parameters: Parameters,
  window?: number,
) => Core;
