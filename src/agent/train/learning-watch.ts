import type { Evaluation, UpdateMetrics } from '../events/events.ts';
import { explainArgmax, explainStandstill, type LearningSeen } from './explain-standstill.ts';

/** Updates with ended episodes that show how the untrained policy does. */
const EARLY = 5;
/** The share of an update in the recent figures. */
const SHARE = 0.1;
/** The share of training after which returns are compared; again once it is done. */
const HALF = 0.5;
/** The fewest updates with ended episodes to judge by. */
const ENOUGH = 20;
/** Standard errors by which the return has to rise, or the share of late updates that have to be above the first ones. */
const RISE = { errors: 2, share: 0.8 };
/** Standard errors, and the share of the range of returns, by which an evaluation falls short. */
const SHORTFALL = { errors: 3, share: 0.1 };

/** Mean and variance over updates; `count` of them. */
interface Seen {
  count: number;
  mean: number;
  variance: number;
}

/** The state of a `LearningWatch` as plain JSON. */
export interface LearningWatchState {
  /** Returns of the first updates. */
  early: Seen;
  /** Returns of late, older ones weighing less. */
  recent: Seen;
  /** Share of late updates whose return is above the mean of the first ones. */
  above: number;
  /** The lowest and the highest mean return of an update. */
  range: [least: number, most: number] | null;
  /** Entropy of actions in the first update, and of late; null where actions have numbers, or the algorithm does not have it. */
  entropy: { first: number; recent: number } | null;
  /** Explained variance of late; null where the algorithm does not have it. */
  explained: number | null;
  /** Share of decisions of late that had one allowed action. */
  onlyChoice: number;
  /** What has been said. */
  reported: { standstill: boolean; argmax: boolean };
}

const nothing = (): Seen => ({ count: 0, mean: 0, variance: 0 });

/** Watches whether the return rises; where it does not, says the most likely reason, once a run. */
export class LearningWatch {
  #state: LearningWatchState = {
    early: nothing(),
    recent: nothing(),
    above: 0.5,
    range: null,
    entropy: null,
    explained: null,
    onlyChoice: 0,
    reported: { standstill: false, argmax: false },
  };

  readonly #choices: boolean;

  /** @param choices whether actions are choices alone: the entropy of numbers may be negative, and does not end at 0 */
  constructor({ choices = true } = {}) {
    this.#choices = choices;
  }

  state(): LearningWatchState {
    return structuredClone(this.#state);
  }

  restore(state: LearningWatchState): void {
    this.#state = structuredClone(state);
  }

  /** Adds an update. @param onlyChoice share of its decisions that had one allowed action */
  observe({ return: mean, entropy, explainedVariance }: UpdateMetrics, onlyChoice: number): void {
    const state = this.#state;
    state.onlyChoice += SHARE * (onlyChoice - state.onlyChoice);
    if (this.#choices && typeof entropy === 'number') {
      const { first, recent } = state.entropy ?? { first: entropy, recent: entropy };
      state.entropy = { first, recent: recent + SHARE * (entropy - recent) };
    }
    if (typeof explainedVariance === 'number') {
      const before = state.explained ?? explainedVariance;
      state.explained = before + SHARE * (explainedVariance - before);
    }
    if (mean === null) return;
    const [least, most] = state.range ?? [mean, mean];
    state.range = [Math.min(least, mean), Math.max(most, mean)];
    if (state.early.count < EARLY) add(state.early, mean, 1 / (state.early.count + 1));
    else state.above += SHARE * (Number(mean > state.early.mean) - state.above);
    add(state.recent, mean, Math.max(SHARE, 1 / (state.recent.count + 1)));
  }

  /**
   * Says why the return has not risen, once half of training is done or the whole.
   * @param progress share of training that is done
   * @param rewarded whether a reward other than 0 has come
   * @returns undefined where it has risen, it is too early to say, or it has been said
   */
  judge(progress: number, rewarded: boolean): string | undefined {
    const state = this.#state;
    if (state.reported.standstill || progress < HALF || this.#rises(rewarded)) return undefined;
    state.reported.standstill = true;
    return explainStandstill({ ...seenBy(state), rewarded });
  }

  /**
   * Says that an evaluation with the most likely actions earned far less than training, which draws them, once a run and in the
   * second half of training.
   * @param progress share of training that is done
   * @returns undefined where it did not, it is too early to say, or it has been said
   */
  judgeArgmax(
    progress: number,
    { return: { mean, std }, episodes }: Evaluation,
  ): string | undefined {
    const { recent, range, reported } = this.#state;
    if (reported.argmax || progress < HALF || recent.count < ENOUGH || range === null)
      return undefined;
    const short = recent.mean - mean;
    const error = Math.sqrt(std ** 2 / Math.max(1, episodes - 1) + recent.variance * SHARE);
    const much = SHORTFALL.share * (range[1] - range[0]);
    if (short <= SHORTFALL.errors * error || short <= much) return undefined;
    reported.argmax = true;
    return explainArgmax(recent.mean, mean);
  }

  /** Whether the return has risen, or it cannot be told yet. */
  #rises(rewarded: boolean): boolean {
    const { early, recent, above } = this.#state;
    if (!rewarded || recent.count === 0) return false;
    if (recent.count < ENOUGH) return true;
    const error = Math.sqrt(early.variance / EARLY + recent.variance * SHARE);
    // The first returns may vary more than all later ones: where a wall is hit, or a fall costs much.
    return above >= RISE.share || recent.mean - early.mean > RISE.errors * error;
  }
}

/** Adds a value, of which the new mean has a share `weight`. */
function add(seen: Seen, value: number, weight: number): void {
  const delta = value - seen.mean;
  seen.count++;
  seen.mean += weight * delta;
  seen.variance = (1 - weight) * (seen.variance + weight * delta ** 2);
}

function seenBy(state: LearningWatchState): Omit<LearningSeen, 'rewarded'> {
  const { early, recent, range, entropy, explained, onlyChoice } = state;
  return {
    ...{ before: early.mean, now: recent.mean, range, explained, onlyChoice },
    entropyLeft: entropy === null || entropy.first === 0 ? null : entropy.recent / entropy.first,
  };
}
