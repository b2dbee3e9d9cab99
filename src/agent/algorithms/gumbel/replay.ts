import type { Symmetry } from '../../../envs/index.ts';
import type { Rng } from '../../../kernels/common/index.ts';
import type { Tensors } from '../../../policy/index.ts';
import { GOES_ON, gatherRows, TERMINATED, type Trajectory } from '../../../rollout/index.ts';
import { learnedReward, type RewardFactors } from '../learned-reward.ts';

/** What is kept of each decision, in rows. */
interface Columns {
  /** Flat. */
  observations: Float32Array;
  /** Flat. */
  actions: Float32Array;
  /** Allowed actions. */
  masks: Float32Array;
  /** Parameters of the distribution that the search improved to. */
  improved: Float32Array;
  /** In the unit of the raw reward, as rewards are: the unit of learning changes. */
  returns: Float32Array;
  rewards: Float32Array;
  /** 1 where the episode went on, 0 where it ended, −1 where the other player's turn came. */
  turns: Float32Array;
  /** How far ahead the episode's next decision lies; 0 where there is none. */
  ahead: Float32Array;
}

/** A symmetry for each of some decisions, by its index; undefined where there is none but the usual look. */
export type View = Int32Array | undefined;

/** The columns that a symmetry rearranges. */
const REARRANGED = {
  observations: 'observation',
  masks: 'actions',
  improved: 'actions',
} as const;

/** A place of which every column has zeros. */
export const NOWHERE = -1;

/**
 * The latest decisions of a training, to learn from more than once: at most `capacity`, but all of the latest rollout. What was found
 * when they were made stays as it was: the policies that searches improved to, and returns.
 */
export class Replay {
  readonly #capacity: number;
  readonly #symmetries: readonly Symmetry[];
  /** Never written to, so that states share them. */
  #columns: Readonly<Columns> | undefined;

  /** @param symmetries of the game, if it is one that has some */
  constructor(capacity: number, symmetries: readonly Symmetry[] = []) {
    this.#capacity = capacity;
    this.#symmetries = symmetries;
  }

  /** Decisions in it. */
  get count(): number {
    return this.#columns?.ahead.length ?? 0;
  }

  /** Adds a rollout; the oldest decisions make room. @param returns in the unit of learning [T] @param factors that make this unit */
  push(trajectory: Trajectory, returns: Float32Array, factors: RewardFactors): void {
    const { count: T } = trajectory;
    const kept = Math.min(this.count, Math.max(0, this.#capacity - T));
    const before = this.#columns;
    const added = columnsOf(trajectory, returns, factors);
    this.#columns = mapped(added, (data, name) => {
      const size = data.length / T;
      const all = new Float32Array((kept + T) * size);
      if (before) all.set(before[name].subarray((this.count - kept) * size));
      all.set(data, kept * size);
      return all;
    });
  }

  /** Draws how each of some decisions is looked at. */
  drawView(decisions: number, rng: Rng): View {
    const { length } = this.#symmetries;
    return length < 2 ? undefined : Int32Array.from({ length: decisions }, () => rng.int(length));
  }

  /** Rows of a column. @param places of decisions, or `NOWHERE` @param view of each; if they are fewer, they are taken again and again */
  rows(name: keyof Columns, places: Int32Array, view?: View): Float32Array {
    const data = this.#columns![name];
    const size = data.length / this.count;
    const found = new Float32Array(places.length * size);
    places.forEach((place, i) => {
      if (place === NOWHERE) return;
      const row = data.subarray(place * size, (place + 1) * size);
      found.set(view ? this.#seen(name, row, view[i % view.length]) : row, i * size);
    });
    return found;
  }

  /** A row as it is by a symmetry. */
  #seen(name: keyof Columns, row: Float32Array, at: number): Float32Array {
    const symmetry = this.#symmetries[at];
    if (name === 'actions') return row.map((action) => symmetry.actions.indexOf(action));
    const order = symmetry[REARRANGED[name as keyof typeof REARRANGED]];
    return row.map((_, i) => row[order[i]]);
  }

  /** The decisions that follow, or `NOWHERE`. @param places of decisions, or `NOWHERE` */
  after(places: Int32Array): Int32Array {
    const { ahead } = this.#columns!;
    return places.map((place) => (ahead[place] > 0 ? place + ahead[place] : NOWHERE));
  }

  /** All returns, in the unit of the raw reward. */
  get returns(): Float32Array {
    return this.#columns!.returns;
  }

  state(): Tensors {
    const { count } = this;
    return count === 0
      ? {}
      : mapped(this.#columns!, (data) => ({ shape: [count, data.length / count], data }));
  }

  /** Goes on from a state; from an empty one with nothing. */
  restore(state: Tensors): void {
    const kept = state as { [Name in keyof Columns]: Tensors[string] };
    this.#columns = 'ahead' in state ? mapped(kept, ({ data }) => data) : undefined;
  }
}

function columnsOf(trajectory: Trajectory, returns: Float32Array, factors: RewardFactors): Columns {
  const { count: T, actions, masks, improved, ended, turned, next, sizes } = trajectory;
  const { actionSize, maskSize, improvedSize } = sizes;
  const all = Int32Array.from({ length: T }, (_, t) => t);
  const numbers = (of: (t: number) => number) => Float32Array.from(all, of);
  return {
    observations: trajectory.rowsAt(all),
    actions: gatherRows(actions, actionSize, all),
    masks: gatherRows(masks, maskSize, all),
    improved: gatherRows(improved, improvedSize!, all),
    returns: numbers((t) => returns[t] / factors.rewardScale),
    rewards: numbers((t) => learnedReward(trajectory, t, factors) / factors.rewardScale),
    turns: numbers((t) => (ended[t] === TERMINATED ? 0 : turned[t] === 1 ? -1 : 1)),
    ahead: numbers((t) => (ended[t] === GOES_ON && next[t] >= 0 ? next[t] - t : 0)),
  };
}

function mapped<Name extends string, From, To>(
  columns: Record<Name, From>,
  to: (column: From, name: Name) => To,
): Record<Name, To> {
  const entries = Object.entries(columns) as [Name, From][];
  return Object.fromEntries(entries.map(([name, column]) => [name, to(column, name)])) as Record<
    Name,
    To
  >;
}
