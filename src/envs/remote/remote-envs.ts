import type { MessagePort } from 'node:worker_threads';
import { explainPlain } from '../common/exact-json.ts';
import type { Drawing, Env, Info, Reset, ResetOptions, Step } from '../contract/env.ts';
import { EnvDisconnectedError } from '../contract/env-disconnected-error.ts';
import type { Space } from '../contract/space.ts';
import { unstack } from '../net/wire/batch.ts';
import { unstackDemonstration } from '../net/wire/demonstration.ts';
import { unstackEarlier } from '../net/wire/earlier.ts';
import type { EnvDescription } from '../net/wire/messages.ts';
import { rowOf } from '../net/wire/ndarray.ts';
import { spaceFromJson } from '../spaces/index.ts';
import { type OpenGroup, openGroup } from './relay.ts';
import type { GroupReply, GroupRequest, GroupUpdate } from './remote-env-group.ts';
import { packSnapshot, unpackSnapshot } from './remote-snapshot.ts';
import type { Ask, Shown } from './trainer-session.ts';

/** The longest wait of a request for others, in ms. */
const HOLD_MS = 2;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The source of remote environments, their number, and how long to wait for them. */
export interface RemoteEnvsOptions extends Omit<OpenGroup, 'port'> {
  /** Receives the URL that environments may connect to, once the port is open. */
  onListening?: (url: string) => void;
  /** Abort it to stop waiting for environments; `open` then rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Environments on servers, behind a listening port, or in threads, each an `Env` like any other. Methods reject with
 * `EnvDisconnectedError` where an environment is gone; its next `reset` waits for another. Requests of one turn of the
 * event loop travel in one message.
 */
export class RemoteEnvs {
  /** The environments. */
  readonly envs: readonly Env[];
  readonly #port: MessagePort;
  readonly #observationSpace: Space;
  readonly #actionSpace: Space;
  readonly #waiting: (Waiting | undefined)[];
  /** First observations of episodes that the server has begun. */
  readonly #next: (Reset | undefined)[];
  readonly #asked = new Map<Ask['t'], { seats: number[]; args: unknown[] }>();
  /** The number of seats with an answer and no new request: the policy thinks about them. */
  #thinking = 0;
  #hold: NodeJS.Timeout | undefined;
  #open: number;
  #broken: Error | undefined;

  private constructor(port: MessagePort, count: number, description: EnvDescription) {
    this.#port = port;
    this.#open = count;
    this.#waiting = new Array(count);
    this.#next = new Array(count);
    this.#observationSpace = spaceFromJson(description.observationSpace);
    this.#actionSpace = spaceFromJson(description.actionSpace);
    this.envs = Array.from({ length: count }, (_, seat) => this.#env(seat, description));
    port.on('message', (answer: GroupReply) => this.#receive(answer));
    port.on('close', () =>
      this.#break('the thread that connects to remote environments has ended'),
    );
  }

  /**
   * Opens environments, and waits until the first answers.
   * @throws Error where no environment can be reached, or it breaks the protocol; the signal's reason where it is aborted
   */
  static open({ onListening, signal, ...group }: RemoteEnvsOptions): Promise<RemoteEnvs> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const port = openGroup(group);
    return new Promise((resolve, reject) => {
      // The port has other listeners too.
      const settle = () => {
        port.off('message', receive).off('close', ended);
        signal?.removeEventListener('abort', giveUp);
      };
      const end = (reason: unknown) => {
        settle();
        port.close();
        reject(reason);
      };
      const giveUp = () => end(signal!.reason);
      const fail = (message: string) => end(new Error(message));
      const ended = () => fail('the thread that connects to remote environments has ended');
      const receive = (first: GroupReply | { t: 'listening'; url: string }) => {
        if (first.t === 'listening') onListening?.(first.url);
        else if (first.t === 'ready') {
          settle();
          resolve(new RemoteEnvs(port, group.count, first.env));
        } else if (first.t === 'broken') fail(first.message);
      };
      port.on('close', ended).on('message', receive);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #env(seat: number, { snapshots, render }: EnvDescription): Env {
    let open = true;
    return {
      observationSpace: this.#observationSpace,
      actionSpace: this.#actionSpace,
      reset: (options) => this.#reset(seat, options),
      step: (action) => this.#step(seat, action),
      ...(snapshots && {
        snapshot: () => this.#snapshot(seat),
        restore: (state: unknown) => this.#restore(seat, state),
      }),
      ...(render && { render: () => this.#render(seat) }),
      close: () => {
        if (open && --this.#open === 0) this.close();
        open = false;
      },
    };
  }

  /** Closes all environments. */
  close(): void {
    this.#break('closed');
    this.#port.close();
  }

  #reset(seat: number, options: ResetOptions = {}): Promise<Reset> {
    // The error names the option that cannot travel, which later code could not.
    const problem = explainPlain(withLists(options.options ?? null), 'reset: options');
    if (problem !== undefined) return Promise.reject(new TypeError(problem));
    const next = this.#next[seat];
    this.#next[seat] = undefined;
    const asks = options.seed !== undefined || options.options !== undefined;
    if (next !== undefined && !asks) return Promise.resolve(next);
    return this.#ask('reset', seat, options) as Promise<Reset>;
  }

  async #snapshot(seat: number): Promise<unknown> {
    const state = await this.#ask('snapshot', seat);
    return packSnapshot(state, this.#next[seat], this.envs[seat]);
  }

  async #restore(seat: number, snapshot: unknown): Promise<void> {
    const { state, next } = unpackSnapshot(snapshot, this.envs[seat]);
    await this.#ask('restore', seat, state);
    this.#next[seat] = next;
  }

  #step(seat: number, action: unknown): Promise<Step> {
    if (this.#next[seat] === undefined) return this.#ask('step', seat, action) as Promise<Step>;
    return Promise.reject(new Error('step: the episode has ended; call reset first'));
  }

  #render(seat: number): Promise<Drawing> {
    if (this.#next[seat] === undefined) return this.#ask('render', seat) as Promise<Drawing>;
    return Promise.reject(new Error('render: the episode has ended and the next one has begun'));
  }

  #ask(t: Ask['t'], seat: number, arg?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      this.#waiting[seat] = { resolve, reject };
      if (this.#thinking > 0) this.#thinking--;
      if (this.#asked.size === 0 || this.#thinking === 0) queueMicrotask(() => this.#flush());
      const asked = this.#asked.get(t) ?? { seats: [], args: [] };
      this.#asked.set(t, asked);
      asked.seats.push(seat);
      asked.args.push(arg);
    });
  }

  /** Sends the requests. Many small frames cost more than few large ones, so requests wait for others. */
  #flush(): void {
    if (this.#thinking === 0) this.#send();
    else this.#hold ??= setTimeout(() => this.#send(), HOLD_MS);
  }

  #send(): void {
    clearTimeout(this.#hold);
    this.#hold = undefined;
    // Seats without a request by now have stopped, or are slow.
    this.#thinking = 0;
    for (const [t, asked] of this.#asked) {
      this.#port.postMessage({ t, ...asked } satisfies GroupRequest);
    }
    this.#asked.clear();
  }

  #receive(answer: GroupReply): void {
    switch (answer.t) {
      case 'answer':
        this.#settle(answer.seats, answer.answer);
        return;
      case 'lost':
        for (const seat of answer.seats) {
          this.#next[seat] = undefined;
          this.#take(seat)?.reject(new EnvDisconnectedError(answer.reason));
        }
        return;
      case 'broken':
        this.#break(answer.message);
    }
  }

  #settle(seats: readonly number[], answer: GroupUpdate): void {
    switch (answer.t) {
      case 'began': {
        const resets = this.#shown(answer, seats.length);
        seats.forEach((seat, row) => {
          this.#take(seat)?.resolve(resets[row]);
        });
        return;
      }
      case 'stepped': {
        const shown = this.#shown(answer, seats.length);
        if (answer.next) {
          const { at } = answer.next;
          this.#shown(answer.next, at.length).forEach((next, i) => {
            if (seats[at[i]] >= 0) this.#next[seats[at[i]]] = next;
          });
        }
        const { reward, terminated, truncated } = answer;
        for (let row = 0; row < seats.length; row++) {
          const { obs, info } = shown[row];
          this.#take(seats[row])?.resolve({
            obs,
            reward: reward[row],
            terminated: terminated[row] === 1,
            truncated: truncated[row] === 1,
            info,
          } satisfies Step);
        }
        return;
      }
      case 'failed': {
        const { code, message } = answer;
        for (const seat of seats) {
          const error =
            code === 'ENV_FAILED' ? new EnvDisconnectedError(message) : new Error(message);
          this.#take(seat)?.reject(error);
        }
        return;
      }
      default:
        seats.forEach((seat, row) => {
          const value =
            answer.t === 'snapshots'
              ? answer.states[row]
              : answer.t === 'rendered'
                ? answer.drawings[row]
                : undefined;
          this.#take(seat)?.resolve(value);
        });
    }
  }

  #shown({ obs, actionMask, info }: Shown, k: number): Reset[] {
    const values = unstack(this.#observationSpace, obs, k);
    return values.map((obs, i) => {
      const own: Info = info?.[i] ?? {};
      if (actionMask) own.actionMask = rowOf(actionMask, i);
      if (own.earlier) own.earlier = unstackEarlier(this.#observationSpace, own.earlier);
      if (own.demonstration) {
        own.demonstration = unstackDemonstration(this.#actionSpace, own.demonstration);
      }
      return { obs, info: own };
    });
  }

  #take(seat: number): Waiting | undefined {
    const waiting = this.#waiting[seat];
    this.#waiting[seat] = undefined;
    if (waiting) this.#thinking++;
    return waiting;
  }

  #break(message: string): void {
    this.#broken ??= new Error(message);
    clearTimeout(this.#hold);
    for (const seat of this.#waiting.keys()) this.#take(seat)?.reject(this.#broken);
  }
}

/** Turns typed arrays, which can travel, into lists. */
function withLists(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? value : [];
  if (Array.isArray(value)) return value.map(withLists);
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withLists(entry)]));
}
