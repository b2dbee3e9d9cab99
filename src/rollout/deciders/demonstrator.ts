import type { Distribution } from '../../policy/index.ts';
import type { Decider } from './decider.ts';
import type { Decision, DecisionRequest } from './decision.ts';

/**
 * Takes the action that each observation's environment demonstrates (`info.demonstration`), and thinks nothing. Its decisions have
 * one ponder step without a halting probability or a value, since none was computed.
 */
export class Demonstrator<O extends DecisionRequest = DecisionRequest> implements Decider<O> {
  readonly underway = 0;
  readonly #distribution: Distribution;
  #waiting: O[] = [];
  #taken: number[] = [];
  #admitting = true;

  constructor(distribution: Distribution) {
    this.#distribution = distribution;
  }

  get pending(): number {
    return this.#waiting.length;
  }

  get busy(): boolean {
    return this.#admitting && this.#waiting.length > 0;
  }

  get admitting(): boolean {
    return this.#admitting;
  }

  set admitting(admitting: boolean) {
    // Those that have waited begin in the order of their environments, as they do where a run is resumed.
    if (admitting && !this.#admitting) this.#waiting.sort((a, b) => a.env - b.env);
    this.#admitting = admitting;
  }

  get taken(): readonly number[] {
    return this.#taken;
  }

  push(observations: readonly O[]): void {
    this.#waiting.push(...observations);
  }

  /** @throws Error for an observation without a demonstration */
  async tick(): Promise<Decision<O>[]> {
    const observations = this.#admitting ? this.#waiting : [];
    if (observations.length > 0) this.#waiting = [];
    this.#taken = observations.map(() => 1);
    return observations.map((observation) => this.#follow(observation));
  }

  takeOccupancy(): number {
    return 0;
  }

  dispose(): void {
    this.#waiting = [];
  }

  #follow(observation: O): Decision<O> {
    const { env, demonstration } = observation;
    if (demonstration === undefined) {
      throw new Error(
        `environment ${env}: expected info.demonstration beside each observation, from which the algorithm learns, got none`,
      );
    }
    const action = new Float32Array(this.#distribution.actionSize);
    this.#distribution.fromFlat(demonstration, action);
    return {
      ...{ observation, action, choice: this.#distribution.toAction(action) },
      ...{ logProb: 0, ponderSteps: 1, halts: new Float32Array(1), values: new Float32Array(1) },
      forced: true,
    };
  }
}
