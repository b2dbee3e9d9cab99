import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariable, Rng } from '../kernels/index.ts';

/** Weights by name: what a checkpoint stores. */
export type Tensors = Record<string, { shape: number[]; data: Float32Array }>;

/**
 * A policy's trainable variables, made by name and drawn from one seeded stream, so that the same
 * seed gives the same weights whatever the backend.
 */
export class Parameters {
  readonly #variables: NamedVariable[];
  readonly #rng: Rng;
  readonly #prefix: string;

  constructor(rng: Rng, variables: NamedVariable[] = [], prefix = '') {
    this.#rng = rng;
    this.#variables = variables;
    this.#prefix = prefix;
  }

  /** The same set under a longer name: `scope('core').zeros('bias', [4])` makes `core.bias`. */
  scope(name: string): Parameters {
    return new Parameters(this.#rng, this.#variables, `${this.#prefix}${name}.`);
  }

  /** Normal with the given standard deviation; 1/√(first dimension) unless given. */
  normal(name: string, shape: number[], std = 1 / Math.sqrt(shape[0])): tf.Variable {
    return this.#make(name, shape, () => std * this.#rng.normal());
  }

  constant(name: string, shape: number[], value: number): tf.Variable {
    return this.#make(name, shape, () => value);
  }

  /** The identity matrix [size, size]. */
  identity(name: string, size: number): tf.Variable {
    return this.#make(name, [size, size], (i) => (i % (size + 1) === 0 ? 1 : 0));
  }

  /** Values by index in C order. */
  filled(name: string, shape: number[], value: (index: number) => number): tf.Variable {
    return this.#make(name, shape, value);
  }

  #make(name: string, shape: number[], value: (index: number) => number): tf.Variable {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, (_, i) => value(i));
    const full = this.#prefix + name;
    if (this.#variables.some((v) => v.name === full)) {
      throw new Error(`Parameters: two variables are named "${full}"`);
    }
    // tfjs keeps one global table of variable names; leaving the name out avoids clashes there.
    const variable = tf.tidy(() => tf.variable(tf.tensor(data, shape), true));
    this.#variables.push({ name: full, variable });
    return variable;
  }

  get list(): readonly NamedVariable[] {
    return this.#variables;
  }

  /** How many numbers there are in all. */
  get size(): number {
    return this.#variables.reduce((sum, v) => sum + v.variable.size, 0);
  }

  /** A copy of every variable's values. */
  async read(): Promise<Tensors> {
    const tensors: Tensors = {};
    for (const { name, variable } of this.#variables) {
      const data = (await variable.data()) as Float32Array;
      tensors[name] = { shape: variable.shape.slice(), data: Float32Array.from(data) };
    }
    return tensors;
  }

  /**
   * Sets every variable from `tensors`.
   * @throws Error that names the tensor that is missing, left over or of another shape; then
   *   nothing has been set
   */
  write(tensors: Tensors): void {
    const names = new Set(this.#variables.map((v) => v.name));
    for (const name of Object.keys(tensors)) {
      if (!names.has(name)) throw new Error(`weights: the policy has no tensor "${name}"`);
    }
    for (const { name, variable } of this.#variables) {
      const tensor = tensors[name];
      if (tensor === undefined) throw new Error(`weights: tensor "${name}" is missing`);
      if (tensor.shape.join() !== variable.shape.join()) {
        throw new Error(
          `weights: tensor "${name}": expected shape [${variable.shape}], got [${tensor.shape}]`,
        );
      }
    }
    for (const { name, variable } of this.#variables) {
      const tensor = tensors[name];
      tf.tidy(() => variable.assign(tf.tensor(tensor.data, tensor.shape)));
    }
  }

  dispose(): void {
    for (const { variable } of this.#variables) variable.dispose();
    this.#variables.length = 0;
  }
}
