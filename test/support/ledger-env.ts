import { Box, Discrete, type Env, type Reset, type Step } from '../../src/envs/index.ts';

/** What a server's environments were made to do, over all of them. */
export class Ledger {
  made = 0;
  /** How often each step was performed, by environment, episode and step. */
  readonly steps = new Map<string, number>();
}

/**
 * Keeps account: observes [environment, episode, step], each step known by them, pays 1 a step and ends
 * after ten. Actions must count the steps, so that one that is performed for another is seen.
 */
export class LedgerEnv implements Env<Float32Array, number> {
  readonly observationSpace = new Box({ shape: [3], low: 0, high: Infinity });
  readonly actionSpace = new Discrete(10);
  readonly #ledger: Ledger;
  readonly #id: number;
  #episode = 0;
  #t = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#id = ledger.made++;
  }

  reset(): Reset<Float32Array> {
    this.#episode++;
    this.#t = 0;
    return { obs: this.#observe(), info: {} };
  }

  step(action: number): Step<Float32Array> {
    if (action !== this.#t) throw new Error(`step ${this.#t} was given the action of ${action}`);
    const key = `${this.#id} ${this.#episode} ${this.#t}`;
    this.#ledger.steps.set(key, (this.#ledger.steps.get(key) ?? 0) + 1);
    this.#t++;
    const terminated = this.#t === 10;
    return { obs: this.#observe(), reward: 1, terminated, truncated: false, info: {} };
  }

  #observe(): Float32Array {
    return Float32Array.of(this.#id, this.#episode, this.#t);
  }
}
