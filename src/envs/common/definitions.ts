import { describe } from './describe.ts';
import { nearest } from './nearest.ts';

/**
 * Definitions by name: the built-in ones, in the order in which help lists them, then those that programs register at
 * run time.
 */
export class Definitions<D extends { readonly name: string }> {
  readonly #kind: string;
  readonly #check: (definition: D, others: readonly D[]) => void;
  readonly #known: D[] = [];
  readonly #listeners = new Set<() => void>();

  /**
   * @param kind a noun with its article, as messages name it: `an exit`
   * @param check throws where a definition conflicts with the others
   */
  constructor(
    kind: string,
    builtIn: readonly D[],
    check: (definition: D, others: readonly D[]) => void = () => {},
  ) {
    this.#kind = kind;
    this.#check = check;
    for (const definition of builtIn) this.#add(definition);
  }

  get all(): readonly D[] {
    return this.#known;
  }

  get names(): string[] {
    return this.#known.map(({ name }) => name);
  }

  /** @throws RangeError for an unknown name; the message lists the known names and suggests a similar one */
  find(name: string): D {
    const found = this.#known.find((definition) => definition.name === name);
    if (found !== undefined) return found;
    const near = typeof name === 'string' ? nearest(name, this.names) : undefined;
    throw new RangeError(
      `expected ${this.#kind}, one of ${this.names.join(', ')}, got ${describe(name)}` +
        (near === undefined ? '' : `; did you mean ${near}?`),
    );
  }

  /**
   * Adds a definition: configs, commands and help then know it.
   * @returns a function that removes it
   * @throws RangeError where its name is taken; the error of `check` or of a listener where it conflicts with others
   */
  register(definition: D): () => void {
    const release = () => {
      const at = this.#known.indexOf(definition);
      if (at < 0) return;
      this.#known.splice(at, 1);
      this.#notify();
    };
    this.#add(definition);
    try {
      this.#notify();
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  /** Calls `listener` after each change. If it throws, `register` removes the new definition again. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #add(definition: D): void {
    if (this.names.includes(definition.name)) {
      throw new RangeError(`${this.#kind} named ${describe(definition.name)} already exists`);
    }
    this.#check(definition, this.#known);
    this.#known.push(definition);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
