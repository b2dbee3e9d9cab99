import * as tf from '@tensorflow/tfjs-core';
import type { ActionPart } from '../../envs/index.ts';

/**
 * The numbers by which later parts of an action see a part: a 1 for the choice of each Discrete component and 0 for the
 * others, the bits of a MultiBinary, the entries of a Box.
 */
export interface ActionFeatures {
  size: number;
  /** Calls `visit` with the index and value of each feature that is not 0. */
  each(action: Float32Array, visit: (index: number, value: number) => void): void;
  /** @param actions [B, actionSize] @returns [B, size] */
  tensor(actions: tf.Tensor2D): tf.Tensor2D;
}

export function actionFeatures({ space, nvec, start }: ActionPart): ActionFeatures {
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

/** 1 for the choice of each row, 0 for the others [B, n]. @param choices [B, 1] */
export function chosenAmong(choices: tf.Tensor2D, start: number, n: number): tf.Tensor2D {
  // Not tf.oneHot: it refuses a single choice.
  return tf.cast(tf.equal(choices, tf.range(start, start + n)), 'float32') as tf.Tensor2D;
}
