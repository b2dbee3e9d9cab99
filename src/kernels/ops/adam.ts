import * as tf from '@tensorflow/tfjs-core';
import { NonFiniteError } from '../common/checks.ts';
import { adamStep } from './adam-step.ts';

export interface NamedVariable {
  readonly name: string;
  readonly variable: tf.Variable;
}

export interface AdamOptions {
  /** Decay of the mean of gradients, in [0, 1). */
  readonly beta1: number;
  /** Decay of the mean of squared gradients, in [0, 1). */
  readonly beta2: number;
  /** Added to the root of the second moment. */
  readonly epsilon: number;
}

/** What a checkpoint keeps; moments are laid end to end in the order of the variables. */
export interface AdamState {
  readonly step: number;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** A gradient as a tensor or as its values; null where a variable took no part in the loss. */
export type Gradient = tf.Tensor | Float32Array | null;

/**
 * Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) with a clipped global gradient norm;
 * `adamStep` has the formulas. The moments of all variables lie in two tensors.
 */
export class Adam {
  readonly #variables: readonly NamedVariable[];
  readonly #names: ReadonlySet<string>;
  readonly #options: AdamOptions;
  readonly #size: number;
  #m: tf.Tensor1D;
  #v: tf.Tensor1D;
  #step = 0;

  /** @throws Error where two variables share a name */
  constructor(variables: readonly NamedVariable[], options: AdamOptions) {
    const names = new Set(variables.map(({ name }) => name));
    if (names.size !== variables.length) throw new Error('Adam: variable names must be unique');
    this.#variables = variables;
    this.#names = names;
    this.#options = options;
    this.#size = variables.reduce((sum, { variable }) => sum + variable.size, 0);
    this.#m = kept(new Float32Array(this.#size));
    this.#v = kept(new Float32Array(this.#size));
  }

  /**
   * One update of all variables. Gradients are read, not disposed; a variable without one is taken
   * to have gradient 0.
   *
   * @param maxGradNorm clips the global norm; Infinity for none
   * @returns the global norm before clipping
   * @throws NonFiniteError where that norm is not finite: nothing has changed then
   */
  async step(
    grads: Readonly<Record<string, Gradient>>,
    learningRate: number,
    maxGradNorm: number,
  ): Promise<{ gradNorm: number }> {
    const { gradients, own } = this.#gradients(grads);
    try {
      const variables = this.#variables.map(({ variable }) => variable);
      const { gradNorm, moments } = await adamStep(
        { variables, gradients, m: this.#m, v: this.#v },
        { ...this.#options, learningRate, maxGradNorm, step: this.#step + 1 },
      );
      if (!Number.isFinite(gradNorm)) {
        const culprits = await this.#culprits(gradients);
        throw new NonFiniteError(`Adam.step: gradient of ${culprits} is not finite`);
      }
      this.#step++;
      if (moments) this.#replace(moments.m, moments.v);
      return { gradNorm };
    } finally {
      tf.dispose(own);
    }
  }

  /** A copy of the moments and the number of steps taken. */
  async state(): Promise<AdamState> {
    const [m, v] = await Promise.all([this.#m.data<'float32'>(), this.#v.data<'float32'>()]);
    return { step: this.#step, m: m.slice(), v: v.slice() };
  }

  /** Continues exactly from `state`. @throws RangeError where its sizes are not those of the variables */
  restore({ step, m, v }: AdamState): void {
    const size = this.#size;
    if (m.length !== size || v.length !== size) {
      throw new RangeError(
        `Adam.restore: state must hold ${size} numbers in m and v, got ${m.length} and ${v.length}`,
      );
    }
    this.#step = step;
    this.#replace(m, v);
  }

  dispose(): void {
    tf.dispose([this.#m, this.#v]);
  }

  #replace(m: Float32Array, v: Float32Array): void {
    this.dispose();
    this.#m = kept(m);
    this.#v = kept(v);
  }

  /** One tensor a variable; those made here are `own`. */
  #gradients(grads: Readonly<Record<string, Gradient>>) {
    const stranger = Object.keys(grads).find((name) => !this.#names.has(name));
    if (stranger !== undefined) throw new Error(`Adam.step: no variable is named ${stranger}`);
    const own: tf.Tensor[] = [];
    const gradients = this.#variables.map(({ name, variable }) => {
      const given = grads[name] ?? new Float32Array(variable.size);
      const size = given instanceof tf.Tensor ? given.size : given.length;
      if (size !== variable.size) {
        tf.dispose(own);
        throw new RangeError(
          `Adam.step: gradient of ${name} must have ${variable.size} numbers, got ${size}`,
        );
      }
      if (given instanceof tf.Tensor) return given;
      const made = tf.tensor(given, variable.shape, 'float32');
      own.push(made);
      return made;
    });
    return { gradients, own };
  }

  async #culprits(gradients: readonly tf.Tensor[]): Promise<string> {
    const finite = await Promise.all(
      gradients.map(async (gradient) => (await gradient.data()).every(Number.isFinite)),
    );
    const culprits = this.#variables.filter((_, i) => !finite[i]).map(({ name }) => name);
    return culprits.length > 0 ? culprits.join(', ') : 'all variables together';
  }
}

const kept = (values: Float32Array) => tf.keep(tf.tensor1d(values.slice()));
