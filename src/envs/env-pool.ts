import { Observable, Subject } from 'rxjs';
import { Rng } from '../kernels/index.ts';
import type { Env, EnvFactory, Info, Reset, Step } from './env.ts';
import { EnvFailed } from './env-failed.ts';
import { explainMask } from './explain-mask.ts';
import { explainInfo, explainReset, explainStep } from './explain-result.ts';
import { isPromise } from './is-promise.ts';
import type { RunningStats } from './running-stats.ts';
import type { ActionMask, Space } from './space.ts';

/** What one environment shows before a decision. */
export interface Observation {
  /** Index of the environment. */
  env: number;
  /** The flat observation, normalised where the pool does so; not written to again. */
  row: Float32Array;
  mask?: ActionMask;
  difficulty?: number;
  /** The caller's limits on the thought. */
  limits?: {
    /** Ponder steps at most. */
    maxSteps?: number;
    /** When to act at the latest, on the clock of performance.now(), in ms. */
    deadline?: number;
  };
}

/** An episode that has ended. */
export interface Episode {
  /** Sum of raw rewards. */
  return: number;
  /** Decisions. */
  length: number;
  /** info.success where it ended; undefined where the environment does not say. */
  success?: boolean;
  /** info.difficulty where it began. */
  difficulty?: number;
}

/** What came of one action. */
export interface Outcome {
  env: number;
  /** Raw. */
  reward: number;
  terminated: boolean;
  truncated: boolean;
  /** The true final observation, where the episode ended here; `next` is then of a new episode. */
  final?: Float32Array;
  next: Observation;
  episode?: Episode;
}

export interface EnvPoolOptions {
  /** Environments side by side (N). */
  count: number;
  /** Environment i is seeded from (seed, i). */
  seed: number;
  /** How long one asynchronous reset or step may take, in ms. */
  timeoutMs: number;
  /** Named in errors, e.g. `KHop-v0`. */
  name: string;
  /** Normalises observations; statistics are updated unless frozen. */
  normaliser?: { stats: RunningStats; frozen: boolean };
  /**
   * Episodes played in all, shared out evenly; an environment rests after its share, and once all
   * do, `observe` completes.
   */
  episodes?: number;
}

/** What a timer can hold, in ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** One environment and where it is in its episode. */
interface Seat {
  env: Env;
  seed: number;
  /** Episodes begun. */
  episode: number;
  return: number;
  length: number;
  difficulty: number | undefined;
  observation: Observation | undefined;
}

/** A pool's state as plain JSON; a seat without `env` has no snapshot and begins a new episode. */
export interface PoolState {
  seats: {
    env?: unknown;
    seed: number;
    episode: number;
    return: number;
    length: number;
    difficulty?: number;
    observation?: { row: number[]; mask?: number[]; difficulty?: number };
  }[];
}

/**
 * N environments stepped independently, synchronous or not. Autoreset is same-step: an outcome that
 * ends an episode carries the true final observation, and `next` is the new episode's first.
 *
 * Every value that comes from an environment is checked; what breaks the contract is an
 * `EnvFailed` that names the environment, episode, seed and action.
 */
export class EnvPool {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly #options: EnvPoolOptions;
  readonly #seats: Seat[];
  readonly #ready = new Subject<Observation[]>();
  readonly #inFlight = new Set<Promise<unknown>>();

  private constructor(seats: Seat[], options: EnvPoolOptions) {
    this.#seats = seats;
    this.#options = options;
    this.observationSpace = seats[0].env.observationSpace;
    this.actionSpace = seats[0].env.actionSpace;
  }

  /** @throws EnvFailed where an environment cannot be made; those made before it are closed */
  static async create(factory: EnvFactory, options: EnvPoolOptions): Promise<EnvPool> {
    const seats: Seat[] = [];
    for (let i = 0; i < options.count; i++) {
      const seed = Rng.seed(options.seed, options.name, i).uint32();
      try {
        const env = await factory();
        seats.push({
          env,
          seed,
          episode: 0,
          return: 0,
          length: 0,
          difficulty: undefined,
          observation: undefined,
        });
      } catch (cause) {
        await Promise.allSettled(seats.map(async ({ env }) => env.close?.()));
        throw new EnvFailed('could not be made', { name: options.name, env: i, seed, cause });
      }
    }
    return new EnvPool(seats, options);
  }

  get count(): number {
    return this.#seats.length;
  }

  /**
   * Observations as they become ready, those of a whole pool first: begins every episode that has
   * not begun. One subscriber at a time. Completes once every environment has played its share.
   */
  observe(): Observable<Observation[]> {
    return new Observable((subscriber) => {
      const subscription = this.#ready.subscribe(subscriber);
      void this.#begin().then(
        (observations) => this.#ready.next(observations),
        (error) => subscriber.error(error),
      );
      return subscription;
    });
  }

  /**
   * Gives each named environment its action. Outcomes come in batches, synchronous environments'
   * at once; after each batch, `observe` emits the next observations.
   */
  step(actions: readonly { env: number; action: unknown }[]): Observable<Outcome[]> {
    return new Observable((subscriber) => {
      let waiting = 0;
      let settled: Outcome[] = [];
      const emit = (outcomes: Outcome[]) => {
        subscriber.next(outcomes);
        const next = outcomes.filter(({ env }) => this.#seats[env].observation !== undefined);
        if (next.length > 0) this.#ready.next(next.map((outcome) => outcome.next));
        if (waiting === 0) subscriber.complete();
        if (this.#seats.every((seat) => seat.observation === undefined)) this.#ready.complete();
      };
      const flush = () => {
        const outcomes = settled;
        settled = [];
        waiting -= outcomes.length;
        emit(outcomes);
      };
      const now: Outcome[] = [];
      try {
        for (const { env, action } of actions) {
          const outcome = this.#stepOne(env, action);
          if (!(outcome instanceof Promise)) {
            now.push(outcome);
            continue;
          }
          waiting++;
          this.#track(outcome).then(
            (value) => {
              // Those that settle in the same turn of the event loop go out together.
              if (settled.push(value) === 1) setImmediate(flush);
            },
            (error) => subscriber.error(error),
          );
        }
      } catch (error) {
        subscriber.error(error);
        return;
      }
      if (now.length > 0 || waiting === 0) emit(now);
    });
  }

  /** Waits until nothing is in flight and its outcomes are out, then gives the whole state. */
  async snapshot(): Promise<PoolState> {
    await Promise.allSettled(this.#inFlight);
    await new Promise(setImmediate);
    return {
      seats: this.#seats.map(({ env, observation, ...seat }, i) => ({
        ...seat,
        env: this.#call(i, 'snapshot', () => env.snapshot?.()),
        observation: observation && {
          row: Array.from(observation.row),
          mask: observation.mask && Array.from(observation.mask),
          difficulty: observation.difficulty,
        },
      })),
    };
  }

  /** Goes on from `state`; environments without a snapshot begin a new episode of their own. */
  restore(state: PoolState): void {
    if (state.seats.length !== this.count) {
      throw new Error(`EnvPool.restore: expected ${this.count} seats, got ${state.seats.length}`);
    }
    state.seats.forEach(({ env, observation, ...rest }, i) => {
      const seat = this.#seats[i];
      seat.seed = rest.seed;
      seat.episode = rest.episode;
      if (env === undefined || env === null || seat.env.restore === undefined) {
        // The stream it drew from is lost, so the new episode has a seed of its own.
        seat.seed = Rng.seed(rest.seed, 'again', rest.episode).uint32();
        seat.episode = 0;
        return;
      }
      this.#call(i, 'restore', () => seat.env.restore!(env));
      seat.return = rest.return;
      seat.length = rest.length;
      seat.difficulty = rest.difficulty;
      seat.observation = observation && {
        env: i,
        row: Float32Array.from(observation.row),
        mask: observation.mask && Uint8Array.from(observation.mask),
        difficulty: observation.difficulty,
      };
    });
  }

  /** Closes every environment. @throws EnvFailed where one cannot be closed; the others are */
  async close(): Promise<void> {
    this.#ready.complete();
    await Promise.allSettled(this.#inFlight);
    const closing = this.#seats.map(async ({ env }, i) =>
      this.#call(i, 'close', () => env.close?.()),
    );
    await Promise.allSettled(closing);
    await Promise.all(closing);
  }

  async #begin(): Promise<Observation[]> {
    const begun = this.#seats.flatMap(({ observation, episode }, i) => {
      if (observation !== undefined) return observation;
      return episode < this.#share(i) ? this.#reset(i) : [];
    });
    return Promise.all(begun);
  }

  #stepOne(index: number, action: unknown): Outcome | Promise<Outcome> {
    const seat = this.#seats[index];
    const problem = this.actionSpace.explain(action);
    if (problem !== undefined) {
      throw this.#failure(index, `was given an action outside its space: ${problem}`, { action });
    }
    const stepped = this.#call(index, 'step', () => seat.env.step(action), action);
    return stepped instanceof Promise
      ? stepped.then((step) => this.#outcome(index, step, action))
      : this.#outcome(index, stepped, action);
  }

  #outcome(index: number, step: Step, action: unknown): Outcome | Promise<Outcome> {
    const seat = this.#seats[index];
    const problem = explainStep(step);
    if (problem !== undefined) throw this.#failure(index, `step: ${problem}`, { action });
    const { reward, terminated, truncated } = step;
    const over = terminated || truncated;
    const current = this.#observation(index, step, 'step', { action, over });
    seat.return += reward;
    seat.length++;
    const outcome = { env: index, reward, terminated, truncated };
    if (!over) {
      seat.observation = current;
      return { ...outcome, next: current };
    }
    const ended = {
      ...outcome,
      final: current.row,
      episode: {
        return: seat.return,
        length: seat.length,
        success: step.info?.success,
        difficulty: seat.difficulty,
      },
    };
    if (seat.episode >= this.#share(index)) {
      seat.observation = undefined;
      return { ...ended, next: current };
    }
    const next = this.#reset(index);
    return next instanceof Promise
      ? next.then((observation) => ({ ...ended, next: observation }))
      : { ...ended, next };
  }

  #reset(index: number): Observation | Promise<Observation> {
    const seat = this.#seats[index];
    const options = seat.episode === 0 ? { seed: seat.seed } : undefined;
    const begin = (result: Reset): Observation => {
      const problem = explainReset(result);
      if (problem !== undefined) throw this.#failure(index, `reset: ${problem}`);
      seat.episode++;
      seat.return = seat.length = 0;
      seat.observation = this.#observation(index, result, 'reset');
      seat.difficulty = seat.observation.difficulty;
      return seat.observation;
    };
    const reset = this.#call(index, 'reset', () => seat.env.reset(options));
    return reset instanceof Promise ? this.#track(reset.then(begin)) : begin(reset);
  }

  /** Checks, flattens and normalises. A mask is for the action ahead: where it is over, none. */
  #observation(
    index: number,
    { obs, info }: { obs: unknown; info?: Info },
    verb: string,
    { action, over = false }: { action?: unknown; over?: boolean } = {},
  ): Observation {
    const refuse = (problem: string | undefined) => {
      if (problem !== undefined) throw this.#failure(index, `${verb}: ${problem}`, { action });
    };
    const problem = this.observationSpace.explain(obs);
    if (problem !== undefined) refuse(`obs: ${problem}`);
    const row = new Float32Array(this.observationSpace.size);
    this.observationSpace.write(obs, row);
    // Infinite bounds contain infinity, and float64 numbers may become it.
    const bad = row.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) refuse(`obs: expected finite float32 numbers, got ${row[bad]} at entry ${bad}`);
    const { normaliser } = this.#options;
    if (normaliser !== undefined) {
      if (!normaliser.frozen) normaliser.stats.update(row, 1);
      normaliser.stats.normalise(row, 0);
    }
    refuse(explainInfo(info));
    const { actionMask, difficulty } = info ?? {};
    if (over || actionMask === undefined) return { env: index, row, difficulty };
    refuse(explainMask(this.actionSpace, actionMask));
    // A copy, since the environment may go on writing into its own.
    return { env: index, row, mask: Uint8Array.from(actionMask), difficulty };
  }

  /** Runs one verb of an environment; a throw, a rejection or a timeout becomes an EnvFailed. */
  #call<T>(index: number, verb: string, call: () => T | Promise<T>, action?: unknown) {
    const timeoutMs = Math.min(this.#options.timeoutMs, LONGEST_TIMEOUT);
    try {
      const result = call();
      if (!isPromise(result)) return result;
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(this.#failure(index, `${verb}: no answer within ${timeoutMs} ms`, { action }));
        }, timeoutMs);
        Promise.resolve(result)
          .then(resolve, (cause) =>
            reject(this.#failure(index, `${verb} threw`, { action, cause })),
          )
          .finally(() => clearTimeout(timer));
      });
    } catch (cause) {
      throw this.#failure(index, `${verb} threw`, { action, cause });
    }
  }

  #failure(
    index: number,
    what: string,
    details: { action?: unknown; cause?: unknown } = {},
  ): EnvFailed {
    const { seed, episode, length } = this.#seats[index];
    const { name } = this.#options;
    return new EnvFailed(what, { name, env: index, seed, episode, step: length, ...details });
  }

  /** Episodes that an environment plays. */
  #share(index: number): number {
    const { episodes = Infinity } = this.#options;
    return Math.floor(episodes / this.count) + (index < episodes % this.count ? 1 : 0);
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    this.#inFlight.add(promise);
    const done = () => this.#inFlight.delete(promise);
    promise.then(done, done);
    return promise;
  }
}
