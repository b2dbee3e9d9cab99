import { Rng, type RngState } from '../../kernels/common/index.ts';
import { foreignSnapshot } from '../common/foreign-snapshot.ts';
import type { Drawing, Env, Info, Reset, ResetOptions, Step } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';

/** The outcome of one action. */
export interface Outcome<State> {
  state: State;
  reward: number;
  terminated: boolean;
  /** Whether the episode counts as a success if it ends here. */
  success?: boolean;
}

interface Snapshot<State> {
  id: string;
  rng: RngState;
  steps: number;
  over: boolean;
  state: State | null;
}

/**
 * The common part of the built-in environments: the random stream, the order of calls, the time limit
 * and the snapshot. A subclass defines the first state, the transitions and the observations.
 *
 * `State` is plain JSON data. `advance` must return a new state and not change the old one, so that
 * snapshots are exact.
 */
export abstract class EpisodicEnv<Obs, Action, State> implements Env<Obs, Action> {
  abstract readonly observationSpace: Space<Obs>;
  abstract readonly actionSpace: Space<Action>;
  readonly id: string;
  readonly #maxSteps: number;
  readonly #rng: Rng;
  #state: State | null = null;
  #steps = 0;
  #over = false;

  /** @param maxSteps decisions after which the episode is truncated */
  constructor(id: string, maxSteps = Number.POSITIVE_INFINITY) {
    this.id = id;
    this.#maxSteps = maxSteps;
    this.#rng = Rng.seed(0, id);
  }

  protected abstract begin(rng: Rng): State;
  protected abstract advance(state: State, action: Action): Outcome<State>;
  protected abstract observe(state: State): Obs;
  protected abstract draw(state: State): Drawing;

  protected describe(_state: State): Info {
    return {};
  }

  /** The reason why an action is invalid; undefined where it is valid. */
  protected refuse(action: unknown, _state: State): string | undefined {
    return this.actionSpace.explain(action);
  }

  reset({ seed }: ResetOptions = {}): Reset<Obs> {
    if (seed !== undefined) this.#rng.restore(Rng.seed(seed, this.id).state());
    const state = this.begin(this.#rng);
    this.#state = state;
    this.#steps = 0;
    this.#over = false;
    return { obs: this.observe(state), info: this.describe(state) };
  }

  step(action: Action): Step<Obs> {
    const before = this.#begun('step');
    if (this.#over)
      throw new Error(`${this.id}: step() after the episode ended: call reset() first`);
    const refusal = this.refuse(action, before);
    if (refusal) throw new Error(`${this.id}: step(action): ${refusal}`);

    const { state, reward, terminated, success } = this.advance(before, action);
    this.#state = state;
    this.#steps++;
    const truncated = this.#steps >= this.#maxSteps;
    this.#over = terminated || truncated;
    const info = this.describe(state);
    if (this.#over && success !== undefined) info.success = success;
    return { obs: this.observe(state), reward, terminated, truncated, info };
  }

  snapshot(): Snapshot<State> {
    return {
      id: this.id,
      rng: this.#rng.state(),
      steps: this.#steps,
      over: this.#over,
      state: structuredClone(this.#state),
    };
  }

  restore(snapshot: unknown): void {
    const { id, rng, steps, over, state } = (snapshot ?? {}) as Partial<Snapshot<State>>;
    if (id !== this.id || !rng || steps === undefined || over === undefined) {
      throw foreignSnapshot(this.id, id, snapshot);
    }
    this.#rng.restore(rng);
    this.#steps = steps;
    this.#over = over;
    this.#state = structuredClone(state ?? null);
  }

  /** Chance draws only how an episode begins, so there is nothing to foresee. */
  forSearch(): Env<Obs, Action> {
    return this;
  }

  render(): Drawing {
    return this.draw(this.#begun('render'));
  }

  #begun(verb: string): State {
    if (this.#state === null) throw new Error(`${this.id}: ${verb}() before reset()`);
    return this.#state;
  }
}
