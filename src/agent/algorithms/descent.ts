import * as tf from '@tensorflow/tfjs-core';
import { Adam, numbersOf } from '../../kernels/ops/index.ts';
import type { Policy } from '../../policy/index.ts';
import type { AlgorithmState } from './algorithm.ts';

/** Gradient steps on a policy by Adam; its state is that of an algorithm without other state. */
export class Descent {
  readonly #policy: Policy;
  readonly #adam: Adam;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#adam = new Adam(policy.parameters.list, { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 });
  }

  /**
   * Makes one gradient step on the policy's variables.
   * @param judge computes the loss and its report
   * @returns the numbers of the report, and the gradient's norm before clipping to `maxGradNorm`
   */
  async step(
    judge: () => { loss: tf.Scalar; report: tf.Tensor1D },
    learningRate: number,
    maxGradNorm: number,
  ) {
    const variables = this.#policy.parameters.list;
    let stats!: tf.Tensor1D;
    const { value, grads } = tf.variableGrads(
      () => {
        const { loss, report } = judge();
        stats = tf.keep(report);
        return loss;
      },
      variables.map(({ variable }) => variable),
    );
    const byName: Record<string, tf.Tensor> = {};
    for (const { name, variable } of variables) byName[name] = grads[variable.name];
    const { gradNorm } = await this.#adam.step(byName, learningRate, maxGradNorm);
    this.#policy.parameters.changed();
    const found = await numbersOf(stats);
    tf.dispose([value, stats, grads]);
    return { stats: found, gradNorm };
  }

  /** Adam's moments and its number of steps. */
  async state(): Promise<AlgorithmState> {
    const { step, m, v } = await this.#adam.state();
    const tensor = (data: Float32Array) => ({ shape: [data.length], data });
    return { tensors: { m: tensor(m), v: tensor(v) }, counters: { optimizerStep: step } };
  }

  restore({ tensors: { m, v }, counters }: AlgorithmState): void {
    this.#adam.restore({ step: counters.optimizerStep, m: m.data, v: v.data });
  }

  dispose(): void {
    this.#adam.dispose();
  }
}
