import * as tf from '@tensorflow/tfjs-core';
import { NonFiniteError } from './checks.ts';

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
 * Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) with a clipped global gradient norm,
 * in one flat loop over all variables:
 *
 * `g ← g · min(1, maxGradNorm / ‖g‖)`, `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `p ← p − lr · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)`.
 */
export class Adam {
  readonly #variables: readonly NamedVariable[];
  readonly #options: AdamOptions;
  readonly #gradient: Float32Array;
  readonly #m: Float32Array;
  readonly #v: Float32Array;
  #step = 0;

  /** @throws Error where two variables share a name */
  constructor(variables: readonly NamedVariable[], options: AdamOptions) {
    const names = new Set(variables.map(({ name }) => name));
    if (names.size !== variables.length) throw new Error('Adam: variable names must be unique');
    this.#variables = variables;
    this.#options = options;
    const size = variables.reduce((sum, { variable }) => sum + variable.size, 0);
    this.#gradient = new Float32Array(size);
    this.#m = new Float32Array(size);
    this.#v = new Float32Array(size);
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
    const [parameters] = await Promise.all([this.#parameters(), this.#readGradients(grads)]);
    const gradNorm = norm(this.#gradient);
    if (!Number.isFinite(gradNorm)) {
      throw new NonFiniteError(`Adam.step: gradient of ${this.#culprits()} is not finite`);
    }
    this.#step++;
    const scale = gradNorm > maxGradNorm ? maxGradNorm / gradNorm : 1;
    let offset = 0;
    for (const [i, values] of parameters.entries()) {
      this.#update(values, offset, scale, learningRate);
      const { variable } = this.#variables[i];
      const updated = tf.tensor(values, variable.shape, 'float32');
      variable.assign(updated);
      updated.dispose();
      offset += values.length;
    }
    return { gradNorm };
  }

  /** A copy of the moments and the number of steps taken. */
  state(): AdamState {
    return { step: this.#step, m: this.#m.slice(), v: this.#v.slice() };
  }

  /** Continues exactly from `state`. @throws RangeError where its sizes are not those of the variables */
  restore({ step, m, v }: AdamState): void {
    const size = this.#m.length;
    if (m.length !== size || v.length !== size) {
      throw new RangeError(
        `Adam.restore: state must hold ${size} numbers in m and v, got ${m.length} and ${v.length}`,
      );
    }
    this.#step = step;
    this.#m.set(m);
    this.#v.set(v);
  }

  /** Read anew at each step, so that the variables stay the only truth about parameters. */
  #parameters(): Promise<Float32Array[]> {
    return Promise.all(
      // A copy, since the cpu backend hands out its own array.
      this.#variables.map(async ({ variable }) => (await variable.data<'float32'>()).slice()),
    );
  }

  async #readGradients(grads: Readonly<Record<string, Gradient>>): Promise<void> {
    const names = new Set(this.#variables.map(({ name }) => name));
    const stranger = Object.keys(grads).find((name) => !names.has(name));
    if (stranger !== undefined) throw new Error(`Adam.step: no variable is named ${stranger}`);
    const values = await Promise.all(
      this.#variables.map(({ name }) => {
        const gradient = grads[name];
        return gradient instanceof tf.Tensor ? gradient.data<'float32'>() : gradient;
      }),
    );
    let offset = 0;
    for (const [i, { name, variable }] of this.#variables.entries()) {
      const gradient = values[i];
      if (!gradient) {
        this.#gradient.fill(0, offset, offset + variable.size);
      } else if (gradient.length === variable.size) {
        this.#gradient.set(gradient, offset);
      } else {
        throw new RangeError(
          `Adam.step: gradient of ${name} must have ${variable.size} numbers, got ${gradient.length}`,
        );
      }
      offset += variable.size;
    }
  }

  #update(values: Float32Array, offset: number, scale: number, learningRate: number): void {
    const { beta1, beta2, epsilon } = this.#options;
    const correction1 = 1 - beta1 ** this.#step;
    const correction2 = 1 - beta2 ** this.#step;
    const [gradient, m, v] = [this.#gradient, this.#m, this.#v];
    for (let i = 0; i < values.length; i++) {
      const k = offset + i;
      const g = gradient[k] * scale;
      m[k] = beta1 * m[k] + (1 - beta1) * g;
      v[k] = beta2 * v[k] + (1 - beta2) * g * g;
      values[i] -=
        (learningRate * (m[k] / correction1)) / (Math.sqrt(v[k] / correction2) + epsilon);
    }
  }

  #culprits(): string {
    let offset = 0;
    const names = this.#variables
      .filter(({ variable }) => {
        const part = this.#gradient.subarray(offset, (offset += variable.size));
        return !Number.isFinite(norm(part));
      })
      .map(({ name }) => name);
    return names.join(', ');
  }
}

function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}
