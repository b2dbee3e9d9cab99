import * as tf from '@tensorflow/tfjs-core';
import type { ActionPart, AnySpace, Text } from '../../envs/index.ts';

/**
 * The numbers by which later parts of an action see a part: a 1 for the choice of each Discrete component and 0 for the
 * others, the bits of a MultiBinary, the entries of a Box; of a Text, those of a choice of a character at each place,
 * all 0 after the last.
 */
export interface ActionFeatures {
  size: number;
  /** Calls `visit` with the index and value of each feature that is not 0. */
  each(action: Float32Array, visit: (index: number, value: number) => void): void;
  /** @param actions [B, actionSize] @returns [B, size] */
  tensor(actions: tf.Tensor2D): tf.Tensor2D;
}

export function actionFeatures({ space, nvec, start }: ActionPart): ActionFeatures {
  const known = space as AnySpace;
  if (known.type === 'text') return textFeatures(known);
  if (nvec.length === 0) {
    return {
      size: space.size,
      each(action, visit) {
        for (let i = 0; i < action.length; i++) if (action[i] !== 0) visit(i, action[i]);
      },
      tensor: (actions) => actions,
    };
  }
  const begins = nvec.map((_, c) => nvec.slice(0, c).reduce((a, b) => a + b, 0));
  return {
    size: nvec.reduce((a, b) => a + b, 0),
    each: (action, visit) => {
      for (let c = 0; c < nvec.length; c++) visit(begins[c] + action[c] - start[c], 1);
    },
    tensor: (actions) =>
      tf.concat(
        nvec.map((n, c) => chosenAmong(tf.slice(actions, [0, c], [-1, 1]), start[c], n)),
        1,
      ),
  };
}

function textFeatures({ maxLength, charset }: Text): ActionFeatures {
  const n = [...charset].length;
  return {
    size: maxLength * n,
    each(action, visit) {
      for (let k = 0; k < action[0]; k++) visit(k * n + action[1 + k], 1);
    },
    tensor(actions) {
      const length = tf.slice(actions, [0, 0], [-1, 1]);
      const places = Array.from({ length: maxLength }, (_, k) => {
        const chosen = chosenAmong(tf.slice(actions, [0, 1 + k], [-1, 1]), 0, n);
        return tf.mul(chosen, tf.cast(tf.greater(length, k), 'float32'));
      });
      return tf.concat(places, 1) as tf.Tensor2D;
    },
  };
}

/** 1 for the choice of each row, 0 for the others [B, n]. @param choices [B, 1] */
export function chosenAmong(choices: tf.Tensor2D, start: number, n: number): tf.Tensor2D {
  // Not tf.oneHot: it refuses a single choice.
  return tf.cast(tf.equal(choices, tf.range(start, start + n)), 'float32') as tf.Tensor2D;
}
