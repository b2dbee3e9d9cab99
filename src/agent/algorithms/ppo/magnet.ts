import * as tf from '@tensorflow/tfjs-core';
import { numbersOf } from '../../../kernels/ops/index.ts';
import { ofPrefix, type Policy, prefixed, type Tensors } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import { byDepth, decisionsAt, depthsOf, givenOf } from '../layout.ts';
import { joined, piecesOf } from '../minibatches.ts';
import { actingRows } from './minibatch.ts';
import type { PpoSettings } from './settings.ts';

/** Before the names of its weights in a checkpoint. */
const PREFIX = 'magnet.';

/**
 * A slow copy of the policy, towards which the loss pulls the actions: magnetic mirror descent (Sokota et al. 2023, arXiv 2206.05825), by which the
 * latest policy of self-play comes to an equilibrium instead of circling around it.
 *
 * Its weights are a moving average of those of the policy after each update: w ← (1 − rate)·w + rate·θ, beginning with those before the first.
 */
export class Magnet {
  readonly #policy: Policy;
  readonly #settings: PpoSettings;
  #weights: Tensors | undefined;

  constructor(policy: Policy, settings: PpoSettings) {
    this.#policy = policy;
    this.#settings = settings;
  }

  /** The parameters of its action distribution for each decision of a rollout, after as many ponder steps [T, P]. */
  async judge(trajectory: Trajectory): Promise<Float32Array> {
    const { parameters } = this.#policy;
    const own = await parameters.read();
    this.#weights ??= own;
    parameters.write(this.#weights);
    try {
      return await this.#paramsOf(trajectory);
    } finally {
      parameters.write(own);
    }
  }

  /** Follows the policy after an update. */
  async follow(): Promise<void> {
    const { rate } = this.#settings.magnet!;
    const policy = await this.#policy.parameters.read();
    this.#weights = Object.fromEntries(
      Object.entries(this.#weights!).map(([name, { shape, data }]) => {
        const next = policy[name].data;
        return [name, { shape, data: data.map((w, i) => (1 - rate) * w + rate * next[i]) }];
      }),
    );
  }

  /** Its weights, by names of their own. */
  tensors(): Tensors {
    return prefixed(PREFIX, this.#weights ?? {});
  }

  /** Continues from the weights among a checkpoint's tensors. */
  restore(tensors: Tensors): void {
    const own = ofPrefix(PREFIX, tensors);
    this.#weights = Object.keys(own).length > 0 ? own : undefined;
  }

  async #paramsOf(trajectory: Trajectory): Promise<Float32Array> {
    const { count, ponderSteps } = trajectory;
    const policy = this.#policy;
    const most = this.#settings.minibatch;
    const order = joined(piecesOf(trajectory, most));
    let params = new Float32Array(0);
    for (let begin = 0; begin < count; begin += most) {
      const { sorted, reach } = byDepth(order.slice(begin, begin + most), ponderSteps);
      const { seen } = decisionsAt(trajectory, sorted);
      const outputs = tf.tidy(() =>
        policy.outputs(policy.think(givenOf(seen, sorted.length), reach), depthsOf(reach)),
      );
      const width = outputs.shape[1];
      const size = width - 2;
      const all = await numbersOf(outputs);
      tf.dispose(outputs);
      if (begin === 0) params = new Float32Array(count * size);
      const { rows } = actingRows({ reach, acts: 'last' });
      for (const [i, t] of sorted.entries()) {
        const at = rows[i] * width;
        params.set(all.subarray(at, at + size), t * size);
      }
    }
    return params;
  }
}
