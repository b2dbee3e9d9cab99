import type { MaskRow, Observation, Row } from '../../envs/index.ts';
import {
  type EntryReader,
  nextMoment,
  type PackedPasts,
  type Past,
  packPasts,
  pastOf,
} from '../../policy/index.ts';
import type { Transition } from '../deciders/decision.ts';
import { GOES_ON, type MicroSteps, TERMINATED, TRUNCATED } from './advantages.ts';
import { type FrameLayout, FrameStore } from './frame-store.ts';
import { gatherRows } from './gather-rows.ts';

/** The sizes of a trajectory's arrays. */
export interface TrajectorySizes {
  /** The most decisions that it holds. */
  capacity: number;
  /** The most ponder steps of a decision. */
  maxSteps: number;
  /** Number of environments (N). */
  envs: number;
  /** Numbers in an observation's row. */
  observationSize: number;
  /** Whether these numbers are bytes, which take a quarter of the memory; default false. */
  bytes?: boolean;
  /** How frames are stacked in an observation's row, where they are: each is then stored once. */
  frames?: FrameLayout;
  /** Numbers in an action's row. */
  actionSize: number;
  /** Numbers in a mask's row; 0 where actions have no mask. */
  maskSize: number;
  /** Parameters of an improved action distribution (`Decision.improved`); default 0, where none is kept. */
  improvedSize?: number;
  /** What reads the entries of the policy's memory, where it has one. */
  entries?: Pick<EntryReader, 'features' | 'sizes'>;
}

/** An observation that follows the trajectory, from which a value is bootstrapped. */
export interface Following {
  /** The decision before it. */
  t: number;
  row: Row;
  mask?: MaskRow;
  /** Its past, where the policy has a memory. */
  past?: Past;
}

/**
 * A rollout's decisions, in arrays that it allocates once. Decisions differ in depth: their micro-steps lie end to end
 * in [M] arrays, those of decision t from `offset[t]`.
 */
export class Trajectory implements Omit<MicroSteps, 'weights'> {
  /** Number of decisions (T). */
  count = 0;
  /** Number of micro-steps (M). */
  total = 0;
  /** The environment of each decision [T]. */
  readonly env: Int32Array;
  /** Flat actions [T, actionSize]. */
  readonly actions: Float32Array;
  /** Allowed actions [T, maskSize]; 1 everywhere for a decision without a mask. */
  readonly masks: Float32Array;
  /** Parameters of the distributions that a search improved to [T, improvedSize]; 0 where it did not. */
  readonly improved: Float32Array;
  /** ln π(action) at the time of the decision [T]. */
  readonly logProbs: Float32Array;
  /** Ponder steps [T]. */
  readonly ponderSteps: Int32Array;
  /** The index of each decision's first micro-step [T]. */
  readonly offset: Int32Array;
  /** 1 for a decision whose depth was not the halting rule's choice [T]. */
  readonly forced: Uint8Array;
  /** Rewards [T]. */
  readonly rewards: Float32Array;
  /** What exploration adds to each reward as it is learned from, before its factor [T]. */
  readonly bonuses: Float32Array;
  /** Ticks of the environment's clock that each decision took [T]. */
  readonly ticks: Int32Array;
  /** `GOES_ON`, `TERMINATED` or `TRUNCATED` [T]. */
  readonly ended: Uint8Array;
  /** 1 for a decision after which it is the other player's turn [T]. */
  readonly turned: Uint8Array;
  /** The index of the same environment's next decision, -1 where there is none [T]. */
  readonly next: Int32Array;
  /** The value of the observation that follows, which the learner fills in for those of `toBootstrap` [T]. */
  readonly bootstrap: Float32Array;
  /** Halting probabilities [M]. */
  readonly halts: Float32Array;
  /** Values [M]. */
  readonly values: Float32Array;
  /** Whether any decision had a mask. */
  masked = false;
  /** The sizes that it was made with. */
  readonly sizes: TrajectorySizes;
  /** Flat observations [T, observationSize], or the frames of which they are stacks. */
  readonly #rows: Row | FrameStore;
  /** Observation to bootstrap decision t from: a truncated episode's last, or the rollout's. */
  readonly #following: (Pick<Observation, 'row' | 'mask' | 'earlier'> | undefined)[];
  /** The past of each decision, where the policy has a memory [T]. */
  readonly #pasts: Past[] = [];
  /** Each environment's latest decision, -1 for none. */
  readonly #latest: Int32Array;

  /** Allocates the arrays. */
  constructor(sizes: TrajectorySizes) {
    const { capacity, maxSteps, envs, observationSize, actionSize, maskSize } = sizes;
    const { bytes = false, frames, improvedSize = 0 } = sizes;
    this.sizes = sizes;
    this.env = new Int32Array(capacity);
    const numbers = capacity * observationSize;
    if (frames) {
      // A frame for each decision, and those before the first of each environment.
      const room = capacity + envs * (frames.count - 1);
      this.#rows = new FrameStore(frames, capacity, room, bytes);
    } else this.#rows = bytes ? new Uint8Array(numbers) : new Float32Array(numbers);
    this.actions = new Float32Array(capacity * actionSize);
    this.masks = new Float32Array(capacity * maskSize);
    this.improved = new Float32Array(capacity * improvedSize);
    this.logProbs = new Float32Array(capacity);
    this.ponderSteps = new Int32Array(capacity);
    this.offset = new Int32Array(capacity);
    this.forced = new Uint8Array(capacity);
    this.rewards = new Float32Array(capacity);
    this.bonuses = new Float32Array(capacity);
    this.ticks = new Int32Array(capacity);
    this.ended = new Uint8Array(capacity);
    this.turned = new Uint8Array(capacity);
    this.next = new Int32Array(capacity);
    this.bootstrap = new Float32Array(capacity);
    this.halts = new Float32Array(capacity * maxSteps);
    this.values = new Float32Array(capacity * maxSteps);
    this.#following = new Array(capacity);
    this.#latest = new Int32Array(envs);
    this.clear();
  }

  /** Removes all decisions. */
  clear(): void {
    this.count = this.total = 0;
    this.masked = false;
    if (this.#rows instanceof FrameStore) this.#rows.clear();
    this.#latest.fill(-1);
    this.#following.fill(undefined);
    this.#pasts.length = 0;
  }

  /**
   * Adds a decision.
   * @throws RangeError where it is full, TypeError where its observations are bytes and this one is not
   */
  push(transition: Transition): void {
    const { decision, reward, ticks, terminated, truncated, final, finalEarlier, next } =
      transition;
    const { capacity, observationSize, actionSize, maskSize, improvedSize = 0 } = this.sizes;
    if (this.count === capacity)
      throw new RangeError(`Trajectory: expected at most ${capacity} decisions, got one more`);
    const t = this.count++;
    const { env, row, mask } = decision.observation;
    if (this.sizes.bytes && !(row instanceof Uint8Array)) {
      throw new TypeError(
        'Trajectory: expected observations in bytes (Uint8Array), got Float32Array',
      );
    }
    this.env[t] = env;
    if (this.sizes.entries) this.#pasts.push(pastOf(decision.observation));
    if (this.#rows instanceof FrameStore) this.#rows.set(t, row, this.#latest[env]);
    else this.#rows.set(row, t * observationSize);
    this.actions.set(decision.action, t * actionSize);
    if (maskSize > 0) {
      if (mask === undefined) this.masks.fill(1, t * maskSize, (t + 1) * maskSize);
      else this.masks.set(mask, t * maskSize);
      this.masked ||= mask !== undefined;
    }
    if (improvedSize > 0) {
      if (decision.improved) this.improved.set(decision.improved, t * improvedSize);
      else this.improved.fill(0, t * improvedSize, (t + 1) * improvedSize);
    }
    this.logProbs[t] = decision.logProb;
    this.ponderSteps[t] = decision.ponderSteps;
    this.offset[t] = this.total;
    this.forced[t] = decision.forced ? 1 : 0;
    this.halts.set(decision.halts, this.total);
    this.values.set(decision.values, this.total);
    this.total += decision.ponderSteps;
    this.rewards[t] = reward;
    this.bonuses[t] = transition.bonus ?? 0;
    this.ticks[t] = ticks;
    this.ended[t] = terminated ? TERMINATED : truncated ? TRUNCATED : GOES_ON;
    this.turned[t] = transition.turned ? 1 : 0;
    this.next[t] = -1;
    this.bootstrap[t] = 0;

    const before = this.#latest[env];
    if (before >= 0) {
      this.next[before] = t;
      if (this.ended[before] === GOES_ON) this.#following[before] = undefined;
    }
    this.#latest[env] = t;
    // What ended has no mask: no action is ahead.
    const last = final && { row: final, earlier: finalEarlier };
    const goesOn = { row: next.row, mask: next.mask, earlier: next.earlier };
    this.#following[t] = terminated ? undefined : truncated ? last : goesOn;
  }

  /** Marks an environment's latest decision as truncated, if its episode goes on. */
  cut(env: number): void {
    const t = this.#latest[env];
    if (t >= 0 && this.ended[t] === GOES_ON) this.ended[t] = TRUNCATED;
  }

  /** Flat observations [T, observationSize]; made anew at each call where frames are stored once. */
  get rows(): Row {
    const rows = this.#rows;
    if (!(rows instanceof FrameStore)) return rows;
    const { bytes, observationSize } = this.sizes;
    const numbers = this.count * observationSize;
    const whole = bytes ? new Uint8Array(numbers) : new Float32Array(numbers);
    for (let t = 0; t < this.count; t++) rows.write(t, whole, t * observationSize);
    return whole;
  }

  /** The flat observations of some decisions as float32 [decisions, observationSize]. */
  rowsAt(decisions: Int32Array): Float32Array {
    const rows = this.#rows;
    const { observationSize } = this.sizes;
    if (!(rows instanceof FrameStore)) return gatherRows(rows, observationSize, decisions);
    const chosen = new Float32Array(decisions.length * observationSize);
    decisions.forEach((t, i) => {
      rows.write(t, chosen, i * observationSize);
    });
    return chosen;
  }

  /** What a policy thinks about in some decisions: their observations, or, where it has a memory, their entries too. */
  seenAt(decisions: Int32Array): Float32Array | PackedPasts {
    const { entries } = this.sizes;
    if (entries === undefined) return this.rowsAt(decisions);
    const pasts = Array.from(decisions, (t) => this.#pasts[t]);
    return packPasts(pasts, entries.features, entries.sizes);
  }

  /**
   * Memory of the observations.
   * @internal
   */
  get observationBytes(): number {
    return this.#rows.byteLength;
  }

  /** Copies all arrays as float32, by name; `followed` and `following` are the indices and rows of `toBootstrap`. */
  tensors(): Record<string, { shape: number[]; data: Float32Array }> {
    const { count: T, total: M, sizes } = this;
    const { observationSize, actionSize, maskSize, improvedSize = 0 } = sizes;
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
      ...(improvedSize > 0 && { improved: part(this.improved, T, improvedSize) }),
      logProbs: part(this.logProbs, T),
      ponderSteps: part(this.ponderSteps, T),
      forced: part(this.forced, T),
      rewards: part(this.rewards, T),
      bonuses: part(this.bonuses, T),
      ticks: part(this.ticks, T),
      ended: part(this.ended, T),
      turned: part(this.turned, T),
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

  /** The decisions that need a `bootstrap` value, each with the observation to compute it from, and its mask. */
  *toBootstrap(): Generator<Following> {
    for (let t = 0; t < this.count; t++) {
      const following = this.#following[t];
      if (following === undefined) continue;
      const { row, mask } = following;
      yield { t, row, mask, past: this.#pastAfter(t, following) };
    }
  }

  #pastAfter(t: number, next: Pick<Observation, 'row' | 'earlier'>): Past | undefined {
    const { entries, actionSize } = this.sizes;
    if (entries === undefined) return undefined;
    const action = this.actions.slice(t * actionSize, (t + 1) * actionSize);
    const { row, earlier } = next;
    const reward = this.rewards[t];
    return nextMoment(this.#pasts[t], entries.sizes, { row, earlier, action, reward });
  }
}
