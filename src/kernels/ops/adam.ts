import * as tf from '@tensorflow/tfjs-core';
import { NonFiniteError } from '../common/checks.ts';
import { adamStep } from './adam-step.ts';

/** A trainable variable and its name. */
export interface NamedVariable {
  /** The name, unique among the variables of an optimizer. */
  readonly name: string;
  /** The variable. */
  readonly variable: tf.Variable;
}

/** The constants of Adam. */
export interface AdamOptions {
  /** Decay of the mean of gradients, in [0, 1). */
  readonly beta1: number;
  /** Decay of the mean of squared gradients, in [0, 1). */
  readonly beta2: number;
  /** A small number, added to the root of the second moment. */
  readonly epsilon: number;
}

/** The state of Adam; both moments lie end to end in the order of the variables. */
export interface AdamState {
  /** Steps taken. */
  readonly step: number;
  /** Means of the gradients. */
  readonly m: Float32Array;
  /** Means of the squared gradients. */
  readonly v: Float32Array;
}

/** A gradient, as a tensor or as its numbers; null for a variable that the loss does not depend on. */
export type Gradient = tf.Tensor | Float32Array | null;

/**
 * The optimizer Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) with a clipped global gradient norm:
 *
 *     g ← g · min(1, maxGradNorm / ‖g‖)      m ← β₁m + (1 − β₁)g      v ← β₂v + (1 − β₂)g²
 *     p ← p − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
 */
export class Adam {
  readonly #variables: readonly NamedVariable[];
  readonly #names: ReadonlySet<string>;
  readonly #options: AdamOptions;
  readonly #size: number;
  #m: tf.Tensor1D;
  #v: tf.Tensor1D;
  #step = 0;

  /**
   * Starts with moments of 0.
   * @throws Error where two variables share a name
   */
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
   * Updates all variables. It does not dispose of the gradients.
   *
   * @param grads gradients by the names of the variables; a missing one counts as 0
   * @param maxGradNorm the most that the global norm may be; `Infinity` for no limit
   * @returns the global norm before clipping
   * @throws NonFiniteError where that norm is not finite; then nothing changes. Error for an unknown name, RangeError
   *   for a gradient of another size
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

  /** A copy of its state. */
  async state(): Promise<AdamState> {
    const [m, v] = await Promise.all([this.#m.data<'float32'>(), this.#v.data<'float32'>()]);
    return { step: this.#step, m: m.slice(), v: v.slice() };
  }

  /**
   * Continues exactly from a state.
   * @param state a result of `state`
   * @throws RangeError where the sizes of the state differ from those of the variables
   */
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

  /** Frees the moments. */
  dispose(): void {
    tf.dispose([this.#m, this.#v]);
  }

  #replace(m: Float32Array, v: Float32Array): void {
    this.dispose();
    this.#m = kept(m);
    this.#v = kept(v);
  }

  /** One tensor for each variable; `own` are those that this method has made. */
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
