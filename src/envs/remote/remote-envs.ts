import type { MessagePort } from 'node:worker_threads';
import type { Env, Info, Reset, ResetOptions, Step } from '../env.ts';
import { EnvLost } from '../env-lost.ts';
import type { Space } from '../space.ts';
import { spaceFromJson } from '../spaces/index.ts';
import { unstack } from '../wire/batch.ts';
import type { EnvDescription } from '../wire/messages.ts';
import { type OpenGroup, openGroup } from './relay.ts';
import type { SeatAnswer, SeatAsk } from './seat-group.ts';
import type { Answer, Ask, Shown } from './trainer-session.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface RemoteEnvsOptions extends Omit<OpenGroup, 'port'> {
  /** Told where environments may dial in, once they may. */
  onListening?: (url: string) => void;
}

/**
 * Environments elsewhere, each an `Env` like any other. Their verbs reject with `EnvLost` where the
 * environment is gone; its next reset waits until there is another. Requests made in one turn travel together.
 */
export class RemoteEnvs {
  readonly envs: readonly Env[];
  readonly #port: MessagePort;
  readonly #observationSpace: Space;
  readonly #waiting: (Waiting | undefined)[];
  /** First observations of episodes that have begun by themselves. */
  readonly #next: (Reset | undefined)[];
  readonly #asked = new Map<Ask['t'], { seats: number[]; args: unknown[] }>();
  #open: number;
  #broken: Error | undefined;

  private constructor(port: MessagePort, count: number, description: EnvDescription) {
    this.#port = port;
    this.#open = count;
    this.#waiting = new Array(count);
    this.#next = new Array(count);
    this.#observationSpace = spaceFromJson(description.observationSpace);
    this.envs = Array.from({ length: count }, (_, seat) => this.#env(seat, description));
    port.on('message', (answer: SeatAnswer) => this.#receive(answer));
    port.on('close', () => this.#break('the relay of remote environments has ended'));
  }

  /** @throws Error where there is no environment to be had, or it does not keep to the protocol */
  static open({ onListening, ...group }: RemoteEnvsOptions): Promise<RemoteEnvs> {
    const port = openGroup(group);
    return new Promise((resolve, reject) => {
      // Others listen on the port too.
      const settle = () => port.off('message', receive).off('close', ended);
      const fail = (message: string) => {
        settle();
        port.close();
        reject(new Error(message));
      };
      const ended = () => fail('the relay of remote environments has ended');
      const receive = (first: SeatAnswer | { t: 'listening'; url: string }) => {
        if (first.t === 'listening') onListening?.(first.url);
        else if (first.t === 'ready') {
          settle();
          resolve(new RemoteEnvs(port, group.count, first.env));
        } else if (first.t === 'broken') fail(first.message);
      };
      port.on('close', ended).on('message', receive);
    });
  }

  #env(seat: number, { observationSpace, actionSpace, snapshots, render }: EnvDescription): Env {
    let open = true;
    return {
      observationSpace: spaceFromJson(observationSpace),
      actionSpace: spaceFromJson(actionSpace),
      reset: (options) => this.#reset(seat, options),
      step: (action) => this.#ask('step', seat, action) as Promise<Step>,
      ...(snapshots && {
        snapshot: () => this.#ask('snapshot', seat),
        restore: (state: unknown) => this.#ask('restore', seat, state) as Promise<void>,
      }),
      ...(render && { render: () => this.#ask('render', seat) as Promise<never> }),
      close: () => {
        if (open && --this.#open === 0) this.close();
        open = false;
      },
    };
  }

  /** Ends all of them. */
  close(): void {
    this.#break('closed');
    this.#port.close();
  }

  #reset(seat: number, options: ResetOptions = {}): Promise<Reset> {
    const next = this.#next[seat];
    this.#next[seat] = undefined;
    const asks = options.seed !== undefined || options.options !== undefined;
    if (next !== undefined && !asks) return Promise.resolve(next);
    return this.#ask('reset', seat, options) as Promise<Reset>;
  }

  #ask(t: Ask['t'], seat: number, arg?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      this.#waiting[seat] = { resolve, reject };
      if (this.#asked.size === 0) queueMicrotask(() => this.#flush());
      const asked = this.#asked.get(t) ?? { seats: [], args: [] };
      this.#asked.set(t, asked);
      asked.seats.push(seat);
      asked.args.push(arg);
    });
  }

  #flush(): void {
    for (const [t, asked] of this.#asked) {
      this.#port.postMessage({ t, ...asked } satisfies SeatAsk);
    }
    this.#asked.clear();
  }

  #receive(answer: SeatAnswer): void {
    switch (answer.t) {
      case 'answer':
        this.#settle(answer.seats, answer.answer);
        return;
      case 'lost':
        for (const seat of answer.seats) {
          this.#next[seat] = undefined;
          this.#take(seat)?.reject(new EnvLost(answer.reason));
        }
        return;
      case 'broken':
        this.#break(answer.message);
    }
  }

  #settle(seats: readonly number[], answer: Answer): void {
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
        seats.forEach((seat, row) => {
          this.#take(seat)?.resolve({
            ...shown[row],
            reward: reward[row],
            terminated: terminated[row] === 1,
            truncated: truncated[row] === 1,
          } satisfies Step);
        });
        return;
      }
      case 'failed': {
        const { code, message } = answer;
        for (const seat of seats) {
          const error = code === 'ENV_FAILED' ? new EnvLost(message) : new Error(message);
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
    const size = actionMask ? actionMask.shape[1] : 0;
    return values.map((obs, i) => {
      const own: Info = { ...info?.[i] };
      if (actionMask) own.actionMask = actionMask.data.subarray(i * size, (i + 1) * size);
      return { obs, info: own };
    });
  }

  #take(seat: number): Waiting | undefined {
    const waiting = this.#waiting[seat];
    this.#waiting[seat] = undefined;
    return waiting;
  }

  #break(message: string): void {
    this.#broken ??= new Error(message);
    for (const seat of this.#waiting.keys()) this.#take(seat)?.reject(this.#broken);
  }
}
