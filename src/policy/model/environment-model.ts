import * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import { partsOf } from '../../envs/spaces/index.ts';
import { linear, reshaped, rmsNorm } from '../../kernels/ops/index.ts';
import { type ActionFeatures, actionFeatures } from '../distributions/action-features.ts';
import type { Parameters } from '../parameters/parameters.ts';

/** What an action led to, as a policy imagines it. */
export interface Imagined {
  /** Rewards, in the unit of learning [N]. */
  reward: tf.Tensor1D;
  /** The signs of what comes after them: near 1 where the episode goes on, 0 where it ends, −1 where the turn is the other player's [N]. */
  turn: tf.Tensor1D;
}

/**
 * The parameters by which a policy imagines what actions lead to, as MuZero does (Schrittwieser et al. 2020, arXiv 1911.08265): the next state is
 * that of a ponder step from a state to which the action was added, and heads tell the reward and whose turn it is. The observations that
 * follow are learned by a loss of consistency alone (SimSiam's, as in EfficientZero, Ye et al. 2021, arXiv 2111.00210).
 */
export class EnvironmentModel {
  readonly #features: ActionFeatures;
  readonly #action: tf.Variable;
  readonly #gain: tf.Variable;
  readonly #outcome: tf.Variable;
  readonly #outcomeBias: tf.Variable;
  readonly #foreseen: tf.Variable;

  /** @param width numbers in a token (D) @throws RangeError for actions that are not of one Discrete space */
  constructor(parameters: Parameters, width: number, actionSpace: Space) {
    if (actionSpace.type !== 'discrete') {
      throw new RangeError(
        `policy: expected actions of one Discrete space, since a model imagines one action after another, got a space of type ${actionSpace.type}`,
      );
    }
    const [part] = partsOf(actionSpace);
    this.#features = actionFeatures(part);
    this.#action = parameters.normal('action', [this.#features.size, width], 1);
    this.#gain = parameters.constant('readout', [width], 1);
    this.#outcome = parameters.normal('outcome', [width, 2]);
    this.#outcomeBias = parameters.constant('outcomeBias', [2], 0);
    this.#foreseen = parameters.identity('foreseen', width);
  }

  /** States to whose tokens the action taken in each is added. @param z [B, R, D] @param actions flat [B, 1] @returns [B, R, D] */
  acted(z: tf.Tensor3D, actions: tf.Tensor2D): tf.Tensor3D {
    const taken = linear(this.#features.tensor(actions), this.#action);
    return tf.add(z, reshaped(taken, [z.shape[0], 1, z.shape[2]]));
  }

  /** What the actions that led to some states were worth. @param z states, or readouts [N, 1, D] */
  outcomes(z: tf.Tensor3D): Imagined {
    const [reward, turn] = tf.split(
      linear(rmsNorm(readoutOf(z), this.#gain), this.#outcome, this.#outcomeBias),
      2,
      1,
    );
    const flat = (x: tf.Tensor) => tf.reshape(x, [-1]) as tf.Tensor1D;
    return { reward: flat(reward), turn: flat(tf.tanh(turn)) };
  }

  /**
   * How far imagined states are from those of the observations that came: 1 − cos of the angle between what the imagined ones foresee and the others [N].
   * @param z imagined states, or their readouts [N, 1, D] @param seen readouts of thoughts about the observations, which get no gradient [N, D]
   */
  stateErrors(z: tf.Tensor3D, seen: tf.Tensor2D): tf.Tensor1D {
    const foreseen = linear(readoutOf(z), this.#foreseen);
    return tf.sub(1, tf.sum(tf.mul(ofLengthOne(foreseen), ofLengthOne(seen)), 1));
  }
}

/** The token that heads read [N, D]. @param z [N, R, D] */
function readoutOf(z: tf.Tensor3D): tf.Tensor2D {
  const [N, , D] = z.shape;
  return reshaped(tf.slice(z, [0, 0, 0], [-1, 1, -1]), [N, D]) as tf.Tensor2D;
}

/** Rows divided by their lengths. */
function ofLengthOne(rows: tf.Tensor): tf.Tensor {
  return tf.div(rows, tf.sqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-8)));
}
