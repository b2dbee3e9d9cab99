import { andThen, isPromise } from '../common/is-promise.ts';
import type { EnvFactory } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { type Attempt, failure, HostedEnv } from '../hosting/hosted-env.ts';
import { BatchError, unstack } from '../net/wire/batch.ts';
import { DIALLER_TAKES } from '../net/wire/fit.ts';
import type { EnvDescription, EnvRequest } from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { checkedEnv } from '../spaces/checked-env.ts';
import { type Done, repliesTo } from './done.ts';
import { InfoFilter } from './info-filter.ts';
import { inTurn } from './turns.ts';

export interface EnvHostOptions {
  /** The name of the environments. */
  id: string;
  /** The longest time for an asynchronous method, in ms. */
  timeoutMs: number;
}

/** A request that names environments. */
export type Verb = Exclude<EnvRequest, { t: 'close' }>;

/** An environment, its latest request, and the result. */
interface Place {
  env: HostedEnv;
  seq: number;
  done: Done | undefined;
}

/**
 * N environments that speak the protocol over any channel. Each performs its requests once and in order; results of the
 * same time share a reply.
 */
export class EnvHost {
  readonly description: EnvDescription;
  /** Receives replies as they are ready, those of the same time together. */
  onReply: (...replies: object[]) => void = () => {};
  /** The most bytes of a frame that the peer accepts. */
  takes = DIALLER_TAKES;
  readonly #places: Place[];
  readonly #infos: InfoFilter;
  readonly #observationSpace: Space;
  readonly #actionSpace: Space;
  #settled: Done[] = [];
  #closed = false;

  private constructor(
    places: Place[],
    spaces: { observationSpace: Space; actionSpace: Space },
    description: EnvDescription,
  ) {
    this.#places = places;
    this.#observationSpace = spaces.observationSpace;
    this.#actionSpace = spaces.actionSpace;
    this.#infos = new InfoFilter(spaces);
    this.description = description;
  }

  /** Makes environments. @throws WireError ENV_FAILED where one cannot be made, after closing the others */
  static async create(
    factory: EnvFactory,
    count: number,
    { id, timeoutMs }: EnvHostOptions,
  ): Promise<EnvHost> {
    const places: Place[] = [];
    try {
      let first: Awaited<ReturnType<EnvFactory>> | undefined;
      for (let i = 0; i < count; i++) {
        // Other work of the thread, such as pings, gets a turn between slow environments.
        if (i > 0) await new Promise(setImmediate);
        const env = checkedEnv(await factory());
        first ??= env;
        places.push({ env: new HostedEnv(env, factory, timeoutMs), seq: 0, done: undefined });
      }
      const { observationSpace, actionSpace, snapshot, restore, render } = first!;
      return new EnvHost(places, first!, {
        id,
        observationSpace: observationSpace.toJSON(),
        actionSpace: actionSpace.toJSON(),
        snapshots: snapshot !== undefined && restore !== undefined,
        render: render !== undefined,
      });
    } catch (cause) {
      await Promise.allSettled(places.map(({ env }) => env.close()));
      throw failure('could not be made', cause);
    }
  }

  get count(): number {
    return this.#places.length;
  }

  /**
   * Performs a request, environment by environment. `onReply` receives one reply where that is quick, otherwise several,
   * each with the results so far.
   * @throws WireError BAD_MESSAGE or SEQUENCE, in which case nothing of it was performed
   */
  handle(request: Verb): void {
    const { envs, seq } = request;
    const k = envs.length;
    if (k === 0 || seq.length !== k) {
      throw new WireError('BAD_MESSAGE', `${request.t}.seq: expected one for each of envs`);
    }
    const fresh = this.#sort(request);
    const perform = this.#performer(request);
    let now: Done[] = [];
    const jobs: (() => void)[] = [];
    for (let i = 0; i < k; i++) {
      const place = this.#places[envs[i]];
      if (!fresh[i]) {
        if (place.done !== undefined) now.push(place.done);
        continue;
      }
      place.seq = seq[i];
      place.done = undefined;
      jobs.push(() => {
        if (this.#closed) return;
        const done = this.#attempt(envs[i], seq[i], () => perform(place.env, i));
        if (isPromise(done)) void done.then((one) => this.#settle(one));
        else now.push((place.done = done));
      });
    }
    inTurn(jobs, () => {
      this.#reply(now);
      now = [];
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.onReply = () => {};
    await Promise.allSettled(this.#places.map(({ env }) => env.close()));
  }

  /** For each environment of a request, whether the request is new; otherwise it is repeated. */
  #sort({ t, envs, seq }: Verb): boolean[] {
    const seen = new Set<number>();
    return Array.from(envs, (env, i) => {
      if (env >= this.count || seen.has(env)) {
        const expected = `distinct environments below ${this.count}`;
        throw new WireError('BAD_MESSAGE', `${t}.envs: expected ${expected}, got ${env}`);
      }
      seen.add(env);
      const place = this.#places[env];
      if (seq[i] === place.seq && place.seq > 0) return false;
      const ready = place.seq === 0 || place.done !== undefined;
      if (seq[i] === place.seq + 1 && ready) return true;
      const expected = ready ? `${place.seq + 1}, or ${place.seq} again` : `${place.seq} again`;
      throw new WireError(
        'SEQUENCE',
        `${t}.seq: environment ${env}: expected ${expected}, got ${seq[i]}`,
      );
    });
  }

  /** The call that the i-th environment of a request makes. @throws WireError for contents of another form */
  #performer(request: Verb): (env: HostedEnv, i: number) => Attempt<Outcome> {
    const k = request.envs.length;
    switch (request.t) {
      case 'reset': {
        const { seeds, options } = request;
        checkLength('reset.seeds', seeds, k);
        return (env, i) =>
          andThen(env.reset({ seed: seeds?.[i] ?? undefined, options }), (reset) => ({
            t: 'began',
            reset: this.#infos.of(reset),
          }));
      }
      case 'step': {
        const actions = unstacked(this.#actionSpace, request.actions, k);
        return (env, i) =>
          andThen(env.stepOn(actions[i]), ({ step, next }) => ({
            t: 'stepped',
            step: this.#infos.of(step),
            next: next && this.#infos.of(next),
          }));
      }
      case 'snapshot':
        return (env) => andThen(env.snapshot(), (state) => ({ t: 'snapshots', state }));
      case 'restore': {
        const { states } = request;
        checkLength('restore.states', states, k);
        return (env, i) => andThen(env.restore(states[i]), () => ({ t: 'restored' }));
      }
      case 'render':
        return (env) => andThen(env.render(), (drawing) => ({ t: 'rendered', drawing }));
    }
  }

  /** Performs a request of one environment; the result may be a failure. */
  #attempt(env: number, seq: number, perform: () => Attempt<Outcome>): Attempt<Done> {
    const failed = (cause: unknown): Done => {
      const { code, message } =
        cause instanceof WireError ? cause : new WireError('ENV_FAILED', String(cause));
      return { env, seq, t: 'failed', code, message };
    };
    try {
      const outcome = perform();
      if (!isPromise(outcome)) return { env, seq, ...outcome };
      return Promise.resolve(outcome).then((one): Done => ({ env, seq, ...one }), failed);
    } catch (cause) {
      return failed(cause);
    }
  }

  /** Joins the results of one turn of the event loop into a reply. */
  #settle(done: Done): void {
    this.#places[done.env].done = done;
    if (this.#settled.push(done) > 1) return;
    setImmediate(() => {
      const settled = this.#settled;
      this.#settled = [];
      this.#reply(settled);
    });
  }

  #reply(done: readonly Done[]): void {
    if (done.length > 0) this.onReply(...repliesTo(done, this.#observationSpace, this.takes));
  }
}

type Distribute<T> = T extends unknown ? Omit<T, 'env' | 'seq'> : never;
/** A result without its environment and number. */
type Outcome = Distribute<Done>;

function checkLength(name: string, list: readonly unknown[] | undefined, k: number): void {
  if (list === undefined || list.length === k) return;
  throw new WireError('BAD_MESSAGE', `${name}: expected ${k} entries, got ${list.length}`);
}

function unstacked(space: Space, batch: unknown, k: number): unknown[] {
  try {
    return unstack(space, batch, k);
  } catch (cause) {
    if (!(cause instanceof BatchError)) throw cause;
    throw new WireError('BAD_MESSAGE', `step.actions.${cause.message}`, { cause });
  }
}
