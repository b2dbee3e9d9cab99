import type { RunningStats } from '../common/running-stats.ts';
import type { Env, Info } from '../contract/env.ts';
import { explainRow, type Limits } from '../contract/limits.ts';
import type { Observation } from '../contract/outcome.ts';
import type { Row } from '../contract/row.ts';
import type { Space } from '../contract/space.ts';
import { difficultyOf } from '../net/wire/read-info.ts';
import { isBytes } from '../spaces/bytes.ts';
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

  /** A row from its numbers, as a snapshot has them. */
  rowOf(numbers: ArrayLike<number>): Row {
    const row = this.#rows.next();
    row.set(numbers);
    return row;
  }

  /**
   * Reads an observation. At the end of an episode it ignores the mask, since no action follows.
   * @returns the observation, or why it breaks the contract
   */
  read({ obs, info }: Shown, over: boolean): Observation | string {
    const problem = this.#observationSpace.explain(obs);
    if (problem !== undefined) return `obs: ${problem}`;
    const row = this.#rows.next();
    this.#observationSpace.write(obs, row);
    const { actionMask } = info ?? {};
    const masked = !over && actionMask !== undefined;
    const wrong =
      explainRow(row, this.#options.limits) ??
      (masked ? explainMask(this.#actionSpace, actionMask) : undefined);
    if (wrong !== undefined) return wrong;
    const { normalizer } = this.#options;
    if (normalizer !== undefined) {
      if (!normalizer.frozen) normalizer.stats.update(row, 1);
      normalizer.stats.normalize(row as Float32Array, 0);
    }
    // A copy, since the environment may write to its own later.
    const mask = masked ? flatMask(this.#actionSpace, actionMask) : undefined;
    return { env: this.#index, row, mask, difficulty: difficultyOf(info) };
  }
}
