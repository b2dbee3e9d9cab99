import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariable, Rng } from '../../kernels/index.ts';

/** Tensors on the host, by name, as a checkpoint stores them. */
export type Tensors = Record<string, { shape: number[]; data: Float32Array }>;

/** Numbers in one variable (256 MiB): training holds about six of each, and the kernels reach 4 GiB. */
const MOST = 2 ** 26;

/**
 * A policy's trainable variables by name. One seeded stream draws their initial values, so the same seed gives the same
 * weights on every backend.
 */
export class Parameters {
  readonly #variables: NamedVariable[];
  readonly #rng: Rng;
  readonly #path: readonly string[];
  /** The path (scopes and name) of every variable, each once. */
  readonly #paths: Set<string>;
  #version = 0;

  /**
   * An empty set; `scope` gives the other arguments.
   * @param rng draws the initial values
   */
  constructor(
    rng: Rng,
    variables: NamedVariable[] = [],
    path: readonly string[] = [],
    paths: Set<string> = new Set(),
  ) {
    this.#rng = rng;
    this.#variables = variables;
    this.#path = path;
    this.#paths = paths;
  }

  /** The same set with a prefix: `scope('core').constant('bias', [4], 0)` makes `core.bias`. */
  scope(name: string): Parameters {
    return new Parameters(this.#rng, this.#variables, [...this.#path, name], this.#paths);
  }

  /**
   * Makes a variable with normal values of mean 0.
   * @param std standard deviation; default 1/√(first dimension)
   * @throws Error where the name is taken, RangeError for more than 2²⁶ numbers
   */
  normal(name: string, shape: number[], std = 1 / Math.sqrt(shape[0])): tf.Variable {
    return this.#make(name, shape, () => std * this.#rng.normal());
  }

  /** Makes a variable with one value everywhere. */
  constant(name: string, shape: number[], value: number): tf.Variable {
    return this.#make(name, shape, () => value);
  }

  /** Makes a variable with the identity matrix [size, size]. */
  identity(name: string, size: number): tf.Variable {
    return this.#make(name, [size, size], (i) => (i % (size + 1) === 0 ? 1 : 0));
  }

  /** Makes a variable from a function of the index in C order, which may draw from the stream. */
  filled(name: string, shape: number[], value: (index: number, rng: Rng) => number): tf.Variable {
    return this.#make(name, shape, (index) => value(index, this.#rng));
  }

  #make(name: string, shape: number[], value: (index: number) => number): tf.Variable {
    const full = this.#nameFor(name);
    const size = shape.reduce((a, b) => a * b, 1);
    if (size > MOST) {
      const [got, most] = [size, MOST].map((n) => n.toLocaleString('en-US'));
      throw new RangeError(
        `policy: expected at most ${most} numbers in ${full}, got ${shape.join(' × ')} = ${got}; ` +
          'lower policy.width, or make the observation and action spaces smaller',
      );
    }
    const data = Float32Array.from({ length: size }, (_, i) => value(i));
    // tfjs keeps one global table of variable names; leaving the name out avoids clashes there.
    const variable = tf.tidy(() => tf.variable(tf.tensor(data, shape), true));
    this.#variables.push({ name: full, variable });
    return variable;
  }

  /**
   * The full name of a variable: its scopes and its own name, joined by dots. If that full name is taken, because a name
   * contains a dot, a number is added.
   */
  #nameFor(name: string): string {
    const path = JSON.stringify([...this.#path, name]);
    const joined = [...this.#path, name].join('.');
    if (this.#paths.has(path)) {
      throw new Error(
        `Parameters: expected a new name, got "${joined}", the name of another variable`,
      );
    }
    this.#paths.add(path);
    let full = joined;
    for (let k = 2; this.#variables.some((v) => v.name === full); k++) full = `${joined}~${k}`;
    return full;
  }

  /** All variables, in the order they were made. */
  get list(): readonly NamedVariable[] {
    return this.#variables;
  }

  /** A number that is another one after each change of values: what was computed of them is then stale. */
  get version(): number {
    return this.#version;
  }

  /** Says that values have changed; `write` says it by itself. */
  changed(): void {
    this.#version++;
  }

  /** The sum of the variables' sizes. */
  get size(): number {
    return this.#variables.reduce((sum, v) => sum + v.variable.size, 0);
  }

  /** Copies the values of every variable to the host. */
  async read(): Promise<Tensors> {
    const tensors: Tensors = {};
    for (const { name, variable } of this.#variables) {
      const data = (await variable.data()) as Float32Array;
      tensors[name] = { shape: variable.shape.slice(), data: Float32Array.from(data) };
    }
    return tensors;
  }

  /**
   * Sets every variable.
   * @throws Error that names a tensor that is missing, unknown or of another shape; then it changes nothing
   */
  write(tensors: Tensors): void {
    const names = new Set(this.#variables.map((v) => v.name));
    for (const name of Object.keys(tensors)) {
      if (!names.has(name))
        throw new Error(`weights: expected tensors of the policy, got an unknown one, "${name}"`);
    }
    for (const { name, variable } of this.#variables) {
      const tensor = tensors[name];
      if (tensor === undefined) throw new Error(`weights: expected a tensor "${name}", got none`);
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
    this.changed();
  }

  /** Frees every variable. */
  dispose(): void {
    for (const { variable } of this.#variables) variable.dispose();
    this.#variables.length = 0;
    this.#paths.clear();
  }
}
