import { isDeepStrictEqual } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import type { EnvDescription } from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { compact } from './compact.ts';
import type { Answer, Ask, TrainerSession } from './trainer-session.ts';

/** A request of the training thread, whose seats number the environments. */
export type GroupRequest = Omit<Ask, 'envs'> & { seats: readonly number[] };

type Distribute<T> = T extends unknown ? Omit<T, 'envs' | 'seq'> : never;
/** An answer without the fields that only the session needs. */
export type GroupUpdate = Distribute<Answer>;

/** A message to the training thread. */
export type GroupReply =
  | { t: 'ready'; env: EnvDescription }
  /** An answer; `seats` has the seat of each of its entries, −1 for an entry to leave out. */
  | { t: 'answer'; seats: number[]; answer: GroupUpdate }
  | { t: 'lost'; seats: number[]; reason: string }
  /** The group has ended. */
  | { t: 'broken'; message: string };

/** The present environment of a seat. */
interface Place {
  session: TrainerSession;
  env: number;
}

/** How long a group may be without any environment, in ms. */
const GIVE_UP_MS = 600_000;

/**
 * The environments that the training thread numbers 0..count−1, in any session. A seat whose environment is gone answers
 * `lost` to each request except a reset, which waits for another environment.
 */
export class RemoteEnvGroup {
  readonly count: number;
  readonly #port: MessagePort;
  readonly #places: (Place | undefined)[];
  /** The seat of each environment of a session, −1 for none. */
  readonly #seats = new Map<TrainerSession, Int32Array>();
  readonly #listeners = new Map<
    TrainerSession,
    Parameters<TrainerSession['listeners']['add']>[0]
  >();
  /** Resets that wait for an environment. */
  readonly #waiting: ({ arg: unknown } | undefined)[];
  /** The reason of a lost environment, until its seat is reset. */
  readonly #lost: (string | undefined)[];
  #description: EnvDescription | undefined;
  #givingUp: NodeJS.Timeout | undefined;
  #reason = 'no environment has come';
  #opened = false;
  #announced = false;
  #closed = false;

  constructor(port: MessagePort, count: number) {
    this.#port = port;
    this.count = count;
    this.#places = new Array(count);
    this.#waiting = new Array(count);
    this.#lost = new Array(count);
    port.on('message', (ask: GroupRequest) => this.#ask(ask));
  }

  /** The seats without an environment, in rising order. */
  get vacant(): number[] {
    return Array.from(this.#places.keys()).filter((seat) => this.#places[seat] === undefined);
  }

  /** Checks that environments have the group's spaces. @throws WireError SPACE_MISMATCH */
  check(description: EnvDescription): void {
    const { observationSpace, actionSpace } = this.#description ?? description;
    for (const [name, space] of Object.entries({ observationSpace, actionSpace })) {
      const got = description[name as 'observationSpace' | 'actionSpace'];
      if (isDeepStrictEqual(got, space)) continue;
      const [wanted, given] = [space, got].map((json) => JSON.stringify(json).slice(0, 200));
      throw new WireError('SPACE_MISMATCH', `env.${name}: expected ${wanted}, got ${given}`);
    }
  }

  /** Gives environments of a session to seats. */
  place(session: TrainerSession, places: readonly { seat: number; env: number }[]): void {
    this.#description ??= session.description;
    this.#announce();
    clearTimeout(this.#givingUp);
    this.#listen(session);
    const [envs, args]: [number[], unknown[]] = [[], []];
    const seats = this.#seats.get(session)!;
    for (const { seat, env } of places) {
      seats[env] = seat;
      this.#places[seat] = { session, env };
      const waiting = this.#waiting[seat];
      this.#waiting[seat] = undefined;
      if (waiting === undefined) continue;
      envs.push(env);
      args.push(waiting.arg);
    }
    if (envs.length > 0) session.ask({ t: 'reset', envs, args });
  }

  /** Handles the loss of a session. */
  lose(session: TrainerSession, reason: string): void {
    if (this.#closed) return;
    const asked: number[] = [];
    this.#forget(session);
    for (const [seat, place] of this.#places.entries()) {
      if (place?.session !== session) continue;
      if (!session.idle(place.env)) asked.push(seat);
      else this.#lost[seat] = reason;
      this.#places[seat] = undefined;
    }
    this.#reason = reason;
    if (asked.length > 0) this.#post({ t: 'lost', seats: asked, reason });
    if (this.vacant.length < this.count) return;
    this.#givingUp = setTimeout(() => {
      this.fail(`no environment for ${GIVE_UP_MS / 60_000} min: ${this.#reason}`);
    }, GIVE_UP_MS);
  }

  /** Notes why there is no environment, for the message of the end. */
  note(reason: string): void {
    this.#reason = reason;
  }

  fail(message: string): void {
    this.#post({ t: 'broken', message });
  }

  /** Ends the group. @returns its environments */
  close(): Place[] {
    this.#closed = true;
    clearTimeout(this.#givingUp);
    this.#port.close();
    const places = this.#places.filter((place) => place !== undefined);
    for (const session of this.#seats.keys()) this.#forget(session);
    this.#places.fill(undefined);
    return places;
  }

  /** Starts to perform requests. */
  open(): void {
    this.#opened = true;
    this.#announce();
  }

  #announce(): void {
    if (!this.#opened || this.#announced || this.#description === undefined) return;
    this.#announced = true;
    this.#post({ t: 'ready', env: this.#description });
  }

  #listen(session: TrainerSession): void {
    if (this.#seats.has(session)) return;
    this.#seats.set(session, new Int32Array(session.count).fill(-1));
    const listener = (answer: Answer, news: readonly boolean[]) =>
      this.#answer(session, answer, news);
    this.#listeners.set(session, listener);
    session.listeners.add(listener);
  }

  #forget(session: TrainerSession): void {
    session.listeners.delete(this.#listeners.get(session)!);
    this.#listeners.delete(session);
    this.#seats.delete(session);
  }

  #ask({ t, seats, args }: GroupRequest): void {
    const bySession = new Map<TrainerSession, { envs: number[]; args: unknown[] }>();
    const lost: number[] = [];
    seats.forEach((seat, row) => {
      const place = this.#places[seat];
      const gone = place === undefined || this.#lost[seat] !== undefined;
      if (gone && t !== 'reset' && t !== 'restore') {
        lost.push(seat);
        return;
      }
      if (place === undefined) {
        if (t === 'restore') lost.push(seat);
        else this.#waiting[seat] = { arg: args[row] };
        return;
      }
      this.#lost[seat] = undefined;
      const own = bySession.get(place.session) ?? { envs: [], args: [] };
      bySession.set(place.session, own);
      own.envs.push(place.env);
      own.args.push(args[row]);
    });
    for (const [session, own] of bySession) session.ask({ t, ...own });
    if (lost.length > 0) this.#post({ t: 'lost', seats: lost, reason: this.#reason });
  }

  #answer(session: TrainerSession, answer: Answer, news: readonly boolean[]): void {
    const own = this.#seats.get(session)!;
    const seats = Array.from(answer.envs, (env, row) => (news[row] ? own[env] : -1));
    if (seats.every((seat) => seat < 0)) return;
    const { envs: _, seq: __, ...rest } = answer;
    this.#post({ t: 'answer', seats, answer: compact(rest) as GroupUpdate });
  }

  #post(answer: GroupReply): void {
    if (!this.#closed) this.#port.postMessage(answer);
  }
}
