import type { RunningStats } from '../common/running-stats.ts';
import type { Env, Info } from '../contract/env.ts';
import { explainRow, type Limits } from '../contract/limits.ts';
import type { Observation } from '../contract/outcome.ts';
import type { Row } from '../contract/row.ts';
import type { Space } from '../contract/space.ts';
import { difficultyOf } from '../net/wire/read-info.ts';
import { isBytes } from '../spaces/bytes.ts';
import { explainDemonstration } from '../spaces/explain-demonstration.ts';
import { explainEarlier } from '../spaces/explain-earlier.ts';
import { explainMask } from '../spaces/explain-mask.ts';
import { flatMask } from '../spaces/flat-mask.ts';
import { Rows } from './row-allocator.ts';

export interface ReadOptions {
  /** Normalizes observations; statistics are updated unless frozen. */
  normalizer?: { stats: RunningStats; frozen: boolean };
  /** Larger observations and rewards break the contract; default: any finite number is allowed. */
  limits?: Limits;
}

/** The observation and info of a reset or a step. */
export interface Shown {
  obs: unknown;
  info?: Info;
}

/** An observation that waits for a decision, in a slot's state. */
export interface SavedObservation {
  row: number[];
  mask?: number[];
  difficulty?: number;
  earlier?: number[][];
  demonstration?: number[];
}

/** Reads the observations of one environment: checks, flattens and, where there is a `normalizer`, normalizes them. */
export class ObservationReader {
  readonly #index: number;
  readonly #observationSpace: Space;
  readonly #actionSpace: Space;
  readonly #options: ReadOptions;
  readonly #rows: Rows;

  constructor(
    index: number,
    { observationSpace, actionSpace }: Pick<Env, 'observationSpace' | 'actionSpace'>,
    options: ReadOptions,
  ) {
    this.#index = index;
    this.#observationSpace = observationSpace;
    this.#actionSpace = actionSpace;
    this.#options = options;
    const bytes = options.normalizer === undefined && isBytes(observationSpace);
    this.#rows = new Rows(observationSpace.size, bytes);
  }

  /**
   * Reads an observation. At the end of an episode it ignores mask and demonstration, since no action follows.
   * @returns the observation, or why it breaks the contract
   */
  read({ obs, info }: Shown, over: boolean): Observation | string {
    const { actionMask, earlier, demonstration: shown } = info ?? {};
    const problem = this.#observationSpace.explain(obs);
    if (problem !== undefined) return `obs: ${problem}`;
    const row = this.#rowOf(obs);
    const masked = !over && actionMask !== undefined;
    const wrong =
      explainRow(row, this.#options.limits) ??
      (masked ? explainMask(this.#actionSpace, actionMask) : undefined);
    if (wrong !== undefined) return wrong;
    // In the order in which they came.
    const before = earlier ? this.#earlier(earlier) : undefined;
    if (typeof before === 'string') return before;
    this.#normalize(row);
    // A copy, since the environment may write to its own later.
    const mask = masked ? flatMask(this.#actionSpace, actionMask) : undefined;
    const shows = !over && shown !== undefined && shown !== null;
    const unfit = shows ? explainDemonstration(this.#actionSpace, shown, mask) : undefined;
    if (unfit !== undefined) return unfit;
    return {
      ...{ env: this.#index, row, mask, difficulty: difficultyOf(info), earlier: before },
      ...(shows && { demonstration: flatOf(this.#actionSpace, shown) }),
    };
  }

  /** The state of an observation as plain JSON. */
  save({ row, mask, difficulty, earlier, demonstration }: Observation): SavedObservation {
    return {
      row: Array.from(row),
      mask: mask && Array.from(mask),
      difficulty,
      earlier: earlier?.map((one) => Array.from(one)),
      demonstration: demonstration && Array.from(demonstration),
    };
  }

  /** The observation of such a state. */
  restore({ row, mask, difficulty, earlier, demonstration }: SavedObservation): Observation {
    return {
      env: this.#index,
      row: this.#filled(row),
      mask: mask && Uint8Array.from(mask),
      difficulty,
      earlier: earlier?.map((one) => this.#filled(one)),
      demonstration: demonstration && Float32Array.from(demonstration),
    };
  }

  /** The rows of `info.earlier`, or why it breaks the contract; undefined where it is empty. */
  #earlier(earlier: readonly unknown[]): Row[] | string | undefined {
    const problem = explainEarlier(this.#observationSpace, earlier);
    if (problem !== undefined) return problem;
    const rows = earlier.map((obs) => this.#rowOf(obs));
    for (const [i, row] of rows.entries()) {
      const wrong = explainRow(row, this.#options.limits, `info.earlier[${i}]`);
      if (wrong !== undefined) return wrong;
    }
    for (const row of rows) this.#normalize(row);
    return rows.length > 0 ? rows : undefined;
  }

  #rowOf(obs: unknown): Row {
    const row = this.#rows.next();
    this.#observationSpace.write(obs, row);
    return row;
  }

  #filled(numbers: ArrayLike<number>): Row {
    const row = this.#rows.next();
    row.set(numbers);
    return row;
  }

  #normalize(row: Row): void {
    const { normalizer } = this.#options;
    if (normalizer === undefined) return;
    if (!normalizer.frozen) normalizer.stats.update(row, 1);
    normalizer.stats.normalize(row as Float32Array, 0);
  }
}

function flatOf(space: Space, action: unknown): Float32Array {
  const flat = new Float32Array(space.size);
  space.write(action, flat);
  return flat;
}
