import { Observable, Subject, type Subscriber } from 'rxjs';
import { Rng } from '../../kernels/index.ts';
import {
  anything,
  type Checks,
  callback,
  checkOptions,
  duration,
  flag,
  integer,
  text,
} from '../common/options.ts';
import type { EnvFactory } from '../contract/env.ts';
import { EnvError } from '../contract/env-error.ts';
import type { Moment, Observation, Outcome } from '../contract/outcome.ts';
import type { Space } from '../contract/space.ts';
import { checkedEnv } from '../spaces/checked-env.ts';
import { EnvSlot, type EnvSlotOptions, type EnvSlotState } from './env-slot.ts';
import type { Failed } from './failure-policy.ts';

/** The size of a pool, its seed, and its tolerance for failures. */
export interface EnvPoolOptions extends Omit<EnvSlotOptions, 'failurePolicy'> {
  /** Number of environments (N). */
  count: number;
  /** The seed of environment i comes from (seed, name, i). */
  seed: number;
  /**
   * Episodes to play in all, divided evenly; default: no limit. An environment stops after its part, and `observe`
   * completes once all have stopped.
   */
  episodes?: number;
  /**
   * Failures in a row of one environment, without a finished episode between, that the pool tolerates: it gives up the
   * episode and makes the environment again. Default: none, so the first failure ends the stream.
   */
  maxFailures?: number;
  /** Whether to tolerate no failure before an environment's first episode; default `false`. */
  impatient?: boolean;
  /** Whether the environments are remote, so that `factory` cannot make one again; default `false`. */
  elsewhere?: boolean;
}

const poolChecks: Checks<EnvPoolOptions> = {
  name: text,
  count: integer(1),
  seed: integer(0),
  timeoutMs: duration,
  episodes: integer(0),
  maxFailures: integer(0),
  impatient: flag,
  elsewhere: flag,
  maxEpisodeSteps: integer(1),
  resetOptions: callback,
  calling: anything,
  normalizer: anything,
  limits: anything,
};

/** The state of a pool as plain JSON. */
export interface PoolState {
  /** The state of each environment [N]. */
  seats: EnvSlotState[];
}

/** An outcome that took its time, and where it belongs. */
interface Settled {
  outcome: Outcome;
  emit(outcomes: Outcome[]): void;
}

/**
 * N environments that step independently, synchronous or not. The pool begins the next episode by itself: an outcome
 * that ends an episode has the final observation in `final`, and the first one of the next episode in `next`.
 *
 * The pool checks every value of an environment. A breach of the contract is an `EnvError` that names the environment,
 * episode, seed and action; it ends the stream unless the pool tolerates it (`maxFailures`).
 */
export class EnvPool {
  /** The set of observations. */
  readonly observationSpace: Space;
  /** The set of actions. */
  readonly actionSpace: Space;
  /**
   * The failures that the pool tolerates, as they happen; of `restore` and `close` only the first. The first subscriber
   * receives the earlier ones too.
   */
  readonly failures: Observable<Failed>;
  readonly #seats: EnvSlot[];
  readonly #name: string;
  readonly #elsewhere: boolean;
  readonly #failures: Subject<Failed>;
  #ready = new Subject<Observation[]>();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #pending = new Set<number>();
  #answers = 0;
  #closed = false;
  /** Emits the outcomes of one turn of the event loop together, then the observations after them. */
  readonly #settle = together<Settled>((settled) => {
    const steps = new Map<Settled['emit'], Outcome[]>();
    for (const { outcome, emit } of settled) {
      const own = steps.get(emit);
      if (own) own.push(outcome);
      else steps.set(emit, [outcome]);
    }
    for (const [emit, outcomes] of steps) emit(outcomes);
    this.#goOn(settled.map(({ outcome }) => outcome));
  });

  private constructor(
    name: string,
    seats: EnvSlot[],
    failures: Subject<Failed>,
    early: Failed[],
    elsewhere: boolean,
  ) {
    this.#name = name;
    this.#seats = seats;
    this.#elsewhere = elsewhere;
    this.#failures = failures;
    this.failures = new Observable((subscriber) => {
      for (const failed of early.splice(0)) subscriber.next(failed);
      return failures.subscribe(subscriber);
    });
    this.observationSpace = seats[0].observationSpace;
    this.actionSpace = seats[0].actionSpace;
  }

  /**
   * Makes a pool.
   * @param factory makes one environment
   * @throws RangeError for an unknown or a wrong option; EnvError where an environment cannot be made, after closing
   *   the others
   */
  static async create(factory: EnvFactory, options: EnvPoolOptions): Promise<EnvPool> {
    checkOptions('EnvPool.create', options, poolChecks);
    const { name, count, episodes = Infinity, maxFailures, impatient = false, elsewhere } = options;
    const failures = new Subject<Failed>();
    const early: Failed[] = [];
    const asides = new Set<string>();
    const onFailure = (failed: Failed) => {
      const { aside } = failed;
      if (aside !== undefined && asides.has(aside)) return;
      if (aside !== undefined) asides.add(aside);
      if (failures.observed) failures.next(failed);
      else early.push(failed);
    };
    const failurePolicy =
      maxFailures === undefined
        ? undefined
        : {
            maxFailures,
            first: !impatient,
            remake: elsewhere ? undefined : () => factory(),
            onFailure,
          };
    const seats: EnvSlot[] = [];
    for (let i = 0; i < count; i++) {
      const seed = seedOf(options.seed, name, i);
      try {
        const share = shareOf(episodes, count, i);
        seats.push(
          new EnvSlot(checkedEnv(await factory()), i, seed, share, { ...options, failurePolicy }),
        );
      } catch (cause) {
        await Promise.allSettled(seats.map((seat) => seat.close()));
        throw new EnvError('could not be made', { name, env: i, seed, cause });
      }
    }
    return new EnvPool(name, seats, failures, early, elsewhere === true);
  }

  /**
   * Starts again as if made with this seed, for `episodes` episodes. Call it only after `observe` has completed.
   */
  replay(seed: number, episodes: number): void {
    this.#ready.complete();
    this.#ready = new Subject();
    for (const [i, seat] of this.#seats.entries()) {
      seat.rewind(seedOf(seed, this.#name, i), shareOf(episodes, this.count, i));
    }
  }

  /** Number of environments (N). */
  get count(): number {
    return this.#seats.length;
  }

  /** The indices of the environments that have not answered, in rising order. */
  get pending(): readonly number[] {
    return [...this.#pending].sort((a, b) => a - b);
  }

  /** Number of answers so far. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * The observations as they become ready, those of synchronous environments together. It begins every episode that has
   * not begun, and completes once every environment has played its part of `episodes`. One subscriber at a time.
   */
  observe(): Observable<Observation[]> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.error(new Error('EnvPool.observe: the pool has been closed'));
        return undefined;
      }
      const subscription = this.#ready.subscribe(subscriber);
      void Promise.resolve().then(() => this.#begin(subscriber));
      return subscription;
    });
  }

  /**
   * Steps environments. Outcomes come in batches, those of synchronous environments together; after them, `observe`
   * emits the next observations.
   * @param actions an action for each environment that is to step, with the ponder steps that it took (default 1)
   */
  step(
    actions: readonly { env: number; action: unknown; ponderSteps?: number }[],
  ): Observable<Outcome[]> {
    return new Observable((subscriber) => {
      let waiting = 0;
      const emit = (outcomes: Outcome[]) => {
        waiting -= outcomes.length;
        subscriber.next(outcomes);
        if (waiting === 0) subscriber.complete();
      };
      const now: Outcome[] = [];
      try {
        for (const { env, action, ponderSteps = 1 } of actions) {
          const outcome = this.#seats[env].step(action, { ponderSteps });
          waiting++;
          if (!(outcome instanceof Promise)) {
            now.push(outcome);
            continue;
          }
          this.#track(
            env,
            outcome,
            (outcome) => this.#settle({ outcome, emit }),
            (error) => subscriber.error(error),
          );
        }
      } catch (error) {
        subscriber.error(error);
        return;
      }
      this.#answers += now.length;
      if (now.length === 0 && waiting > 0) return;
      emit(now);
      this.#goOn(now);
    });
  }

  /**
   * The present moment of an environment, whose observation waits for an action.
   * @throws EnvError where the environment has no snapshots
   */
  moment(env: number): Promise<Moment> {
    return this.#seats[env].moment();
  }

  /**
   * What an action leads to from a moment of such a pool. It is for a pool whose environments are copies: those that are tried in lose
   * their own episodes.
   * @throws EnvError where the environment fails
   */
  try(moment: Moment, action: unknown): Promise<Moment> {
    return this.#seats[moment.observation.env].try(moment, action);
  }

  /** The whole state, once every environment has answered. */
  async snapshot(): Promise<PoolState> {
    await Promise.allSettled(this.#inFlight);
    await new Promise(setImmediate);
    return { seats: await Promise.all(this.#seats.map((seat) => seat.snapshot())) };
  }

  /**
   * Continues from a state. Environments without a snapshot, or whose `restore` fails, begin a new episode.
   * @returns for each environment, whether it continues its episode [N]
   * @throws Error for a state of another number of environments
   */
  async restore(state: PoolState): Promise<boolean[]> {
    if (state.seats.length !== this.count) {
      throw new Error(`EnvPool.restore: expected ${this.count} seats, got ${state.seats.length}`);
    }
    return await Promise.all(state.seats.map((seat, i) => this.#seats[i].restore(seat)));
  }

  /**
   * Closes every environment. A failure goes to `failures` where the pool tolerates failures.
   * @throws EnvError where it tolerates none, after closing the others
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.complete();
    // Remote environments may never answer.
    if (!this.#elsewhere) await Promise.allSettled(this.#inFlight);
    const closing = this.#seats.map((seat) => seat.close());
    await Promise.allSettled(closing);
    this.#failures.complete();
    await Promise.all(closing);
  }

  #begin(subscriber: Subscriber<Observation[]>): void {
    const now: Observation[] = [];
    const settle = together<Observation>((observations) => this.#ready.next(observations));
    try {
      for (const [env, seat] of this.#seats.entries()) {
        const observation = seat.begin();
        if (observation instanceof Promise) {
          this.#track(env, observation, settle, (error) => subscriber.error(error));
        } else if (observation !== undefined) now.push(observation);
      }
    } catch (error) {
      subscriber.error(error);
      return;
    }
    if (now.length > 0) this.#ready.next(now);
  }

  /** Emits the observations after these outcomes. */
  #goOn(outcomes: readonly Outcome[]): void {
    const next: Observation[] = [];
    const away: number[] = [];
    for (const outcome of outcomes) {
      const seat = this.#seats[outcome.env];
      if (seat.observation !== undefined) next.push(outcome.next);
      else if (!seat.exhausted) away.push(outcome.env);
    }
    if (next.length > 0) this.#ready.next(next);
    for (const env of away) this.#await(env);
    if (this.#seats.every((seat) => seat.exhausted)) this.#ready.complete();
  }

  /** Begins the next episode of an environment that is gone or made again; no other environment waits for it. */
  #await(env: number): void {
    const begun = Promise.resolve(this.#seats[env].begin());
    this.#expectAnswer(
      env,
      begun,
      (observation) => observation !== undefined && this.#ready.next([observation]),
      (error) => this.#ready.error(error),
    );
  }

  /** Passes the result of a promise on; until then it is in flight. */
  #track<T>(
    env: number,
    promise: Promise<T>,
    then: (value: T) => void,
    fail: (error: unknown) => void,
  ): void {
    this.#inFlight.add(promise);
    const landed = () => this.#inFlight.delete(promise);
    this.#expectAnswer(
      env,
      promise,
      (value) => {
        landed();
        then(value);
      },
      (error) => {
        landed();
        fail(error);
      },
    );
  }

  /** Passes the result of a promise on; until then its environment counts as not answered. */
  #expectAnswer<T>(
    env: number,
    promise: Promise<T>,
    then: (value: T) => void,
    fail: (error: unknown) => void,
  ): void {
    this.#pending.add(env);
    const answered = () => {
      this.#pending.delete(env);
      this.#answers++;
    };
    promise.then(
      (value) => {
        answered();
        then(value);
      },
      (error) => {
        answered();
        fail(error);
      },
    );
  }
}

function seedOf(seed: number, name: string, env: number): number {
  return Rng.seed(seed, name, env).uint32();
}

/** The number of episodes that environment `env` of `count` plays. */
function shareOf(episodes: number, count: number, env: number): number {
  return Math.floor(episodes / count) + (env < episodes % count ? 1 : 0);
}

/** Collects the results of one turn of the event loop. */
function together<T>(emit: (all: T[]) => void): (one: T) => void {
  let settled: T[] = [];
  return (one) => {
    if (settled.push(one) > 1) return;
    setImmediate(() => {
      const all = settled;
      settled = [];
      emit(all);
    });
  };
}
