import type * as tf from '@tensorflow/tfjs-core';
import type { Loop } from '../../kernels/index.ts';
import type { Encoder, Place } from '../encoders/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { CoreSizes } from './block-weights.ts';

/** A thought under way: the latent state and what of the observation stays the same throughout. */
export interface Thought {
  /** [B, R, D]; the readout is token 0. */
  z: tf.Tensor3D;
  /** Loop-invariant tensors of the thoughts, each [B, …]. */
  context: tf.Tensor[];
  /** Loop-invariant tensors that all thoughts share. */
  shared: tf.Tensor[];
}

/** Something that the readout may attend to. */
export interface Token {
  label: string;
  /** Where it lies, where the observation's tokens lie on a grid. */
  place?: Place;
  /** One of the thought's own, not of the observation: the readout itself or a register. */
  own?: true;
}

/** The recurrent part of a policy, applied once a ponder step. */
export interface Core {
  /** Steps of the loop from what `begin` gives to z_0. */
  readonly looks: number;
  /** What the readout attends to, in the order of its keys. */
  readonly tokens: readonly Token[];
  /** The state before any step, and the context, from the encoder's tokens [B, S, D]. */
  begin(tokens: tf.Tensor3D): Thought;
  /** What makes z_{n+1} of z_n. */
  loop(thought: Omit<Thought, 'z'>): Loop;
}

export type CoreFactory = (sizes: CoreSizes, encoder: Encoder, parameters: Parameters) => Core;
