import type { ActionMask } from '../../envs/index.ts';
import type { Transition } from '../deciders/decision.ts';
import { GOES_ON, type MicroSteps, TERMINATED, TRUNCATED } from './advantages.ts';

export interface TrajectorySizes {
  /** Decisions it can hold. */
  capacity: number;
  maxSteps: number;
  envs: number;
  observationSize: number;
  actionSize: number;
  /** 0 where actions have no mask. */
  maskSize: number;
}

/**
 * A rollout's decisions, ragged in depth, in memory allocated once: micro-steps lie end to end in
 * [M] arrays, decision t's from `offset[t]`.
 */
export class Trajectory implements Omit<MicroSteps, 'weights'> {
  count = 0;
  /** Micro-steps (M). */
  total = 0;
  readonly env: Int32Array; // [T]
  readonly rows: Float32Array; // [T, observationSize]
  readonly actions: Float32Array; // [T, actionSize]
  readonly masks: Float32Array; // [T, maskSize], 1 where no mask was given
  readonly logProbs: Float32Array; // [T]
  readonly ponderSteps: Int32Array; // [T]
  readonly offset: Int32Array; // [T]
  readonly forced: Uint8Array; // [T]
  readonly rewards: Float32Array; // [T]
  readonly ended: Uint8Array; // [T]
  readonly next: Int32Array; // [T]
  readonly bootstrap: Float32Array; // [T], filled in by the learner
  readonly halts: Float32Array; // [M]
  readonly values: Float32Array; // [M]
  /** Whether any decision had a mask: without one, masks need not be applied. */
  masked = false;
  readonly sizes: TrajectorySizes;
  /** Observation to bootstrap decision t from: a truncated episode's last, or the rollout's. */
  readonly #following: ({ row: Float32Array; mask?: ActionMask } | undefined)[];
  /** Each environment's latest decision, -1 for none. */
  readonly #latest: Int32Array;

  constructor(sizes: TrajectorySizes) {
    const { capacity, maxSteps, envs, observationSize, actionSize, maskSize } = sizes;
    this.sizes = sizes;
    this.env = new Int32Array(capacity);
    this.rows = new Float32Array(capacity * observationSize);
    this.actions = new Float32Array(capacity * actionSize);
    this.masks = new Float32Array(capacity * maskSize);
    this.logProbs = new Float32Array(capacity);
    this.ponderSteps = new Int32Array(capacity);
    this.offset = new Int32Array(capacity);
    this.forced = new Uint8Array(capacity);
    this.rewards = new Float32Array(capacity);
    this.ended = new Uint8Array(capacity);
    this.next = new Int32Array(capacity);
    this.bootstrap = new Float32Array(capacity);
    this.halts = new Float32Array(capacity * maxSteps);
    this.values = new Float32Array(capacity * maxSteps);
    this.#following = new Array(capacity);
    this.#latest = new Int32Array(envs);
    this.clear();
  }

  clear(): void {
    this.count = this.total = 0;
    this.masked = false;
    this.#latest.fill(-1);
    this.#following.fill(undefined);
  }

  /** @throws RangeError where it is full */
  push(transition: Transition): void {
    const { decision, reward, terminated, truncated, final, next } = transition;
    const { capacity, observationSize, actionSize, maskSize } = this.sizes;
    if (this.count === capacity) throw new RangeError(`Trajectory: full at ${capacity} decisions`);
    const t = this.count++;
    const { env, row, mask } = decision.observation;
    this.env[t] = env;
    this.rows.set(row, t * observationSize);
    this.actions.set(decision.action, t * actionSize);
    if (maskSize > 0) {
      if (mask === undefined) this.masks.fill(1, t * maskSize, (t + 1) * maskSize);
      else this.masks.set(mask, t * maskSize);
      this.masked ||= mask !== undefined;
    }
    this.logProbs[t] = decision.logProb;
    this.ponderSteps[t] = decision.ponderSteps;
    this.offset[t] = this.total;
    this.forced[t] = decision.forced ? 1 : 0;
    this.halts.set(decision.halts, this.total);
    this.values.set(decision.values, this.total);
    this.total += decision.ponderSteps;
    this.rewards[t] = reward;
    this.ended[t] = terminated ? TERMINATED : truncated ? TRUNCATED : GOES_ON;
    this.next[t] = -1;
    this.bootstrap[t] = 0;

    const before = this.#latest[env];
    if (before >= 0) {
      this.next[before] = t;
      if (this.ended[before] === GOES_ON) this.#following[before] = undefined;
    }
    this.#latest[env] = t;
    // What ended has no mask: no action is ahead.
    const last = final && { row: final };
    const goesOn = { row: next.row, mask: next.mask };
    this.#following[t] = terminated ? undefined : truncated ? last : goesOn;
  }

  /** The environment's episode ended with the decision that is its latest here, as truncated. */
  cut(env: number): void {
    const t = this.#latest[env];
    if (t >= 0 && this.ended[t] === GOES_ON) this.ended[t] = TRUNCATED;
  }

  /** All that was collected, as float32 arrays by name; `following` is what `toBootstrap` gives. */
  tensors(): Record<string, { shape: number[]; data: Float32Array }> {
    const { count: T, total: M, sizes } = this;
    const { observationSize, actionSize, maskSize } = sizes;
    const part = (data: ArrayLike<number>, ...shape: number[]) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return { shape, data: Float32Array.from({ length: size }, (_, i) => data[i]) };
    };
    const following = [...this.toBootstrap()];
    return {
      env: part(this.env, T),
      rows: part(this.rows, T, observationSize),
      actions: part(this.actions, T, actionSize),
      masks: part(this.masks, T, maskSize),
      logProbs: part(this.logProbs, T),
      steps: part(this.ponderSteps, T),
      forced: part(this.forced, T),
      rewards: part(this.rewards, T),
      ended: part(this.ended, T),
      next: part(this.next, T),
      halts: part(this.halts, M),
      values: part(this.values, M),
      followed: part(
        following.map(({ t }) => t),
        following.length,
      ),
      following: part(
        following.flatMap(({ row }) => Array.from(row)),
        following.length,
        observationSize,
      ),
    };
  }

  /** Decisions whose value of what follows must be computed, with the observation it follows from, and its mask. */
  *toBootstrap(): Generator<{ t: number; row: Float32Array; mask?: ActionMask }> {
    for (let t = 0; t < this.count; t++) {
      const following = this.#following[t];
      if (following !== undefined) yield { t, ...following };
    }
  }
}
