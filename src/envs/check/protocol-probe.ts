import { inTime } from '../common/timers.ts';
import { type Closed, explainClosed } from '../net/socket/closed.ts';
import type { Connection } from '../net/socket/connection.ts';
import { dial } from '../net/socket/dial.ts';
import { sayHello } from '../net/socket/handshake.ts';
import { msgpackCodec } from '../net/wire/codec.ts';
import {
  type EnvReply,
  envReply,
  readMessage,
  type Welcome,
  WIRE_VERSION,
} from '../net/wire/messages.ts';
import { ndarray } from '../net/wire/ndarray.ts';

/** A reply about environments. */
export type Reply = Exclude<EnvReply, { t: 'error' }>;

/** A conversation of a check with a server of environments, message by message. */
export class ProtocolProbe {
  readonly welcome: Welcome;
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #seq: number[];
  /** Messages that `next` has not returned yet. */
  readonly #come: unknown[] = [];
  #waiting: { resolve: (frame: unknown) => void; gone: (closed: Closed) => void } | undefined;
  #closed: Closed | undefined;

  private constructor(connection: Connection, welcome: Welcome, timeoutMs: number, seq: number[]) {
    this.#connection = connection;
    this.welcome = welcome;
    this.#timeoutMs = timeoutMs;
    this.#seq = seq;
    connection.onMessage = (frame) => {
      if (this.#waiting) this.#waiting.resolve(frame);
      else this.#come.push(frame);
      this.#waiting = undefined;
    };
    connection.onClose = (closed) => {
      this.#closed = closed;
      this.#waiting?.gone(closed);
    };
  }

  /**
   * @param from a session to resume over this new connection; without it, a new session
   * @throws DialError or WireError where the server refuses
   */
  static async open(
    url: string,
    { token, timeoutMs, numEnvs = 1 }: { token?: string; timeoutMs: number; numEnvs?: number },
    from?: ProtocolProbe,
  ): Promise<ProtocolProbe> {
    const connection = await dial(url, msgpackCodec(), { token, timeoutMs });
    const welcome = await sayHello(connection, {
      t: 'hello',
      v: WIRE_VERSION,
      role: 'trainer',
      client: 'pondera check-env',
      numEnvs,
      resume: from && { session: from.welcome.session, token: from.welcome.token },
    });
    const seq = from ? from.#seq : new Array(welcome.numEnvs ?? 1).fill(0);
    return new ProtocolProbe(connection, welcome, timeoutMs, seq);
  }

  /** Sends a request to these environments, and waits for all. @returns the replies, which may come in parts */
  async ask(t: string, envs: readonly number[], contents: object = {}): Promise<Reply[]> {
    this.send(t, envs, contents);
    const replies: Reply[] = [];
    const missing = new Set(envs);
    while (missing.size > 0) {
      const reply = await this.next(t);
      replies.push(reply);
      for (const env of reply.envs) missing.delete(env);
    }
    return replies;
  }

  /** Sends a request to these environments. @param again whether to repeat their last request, as after a break */
  send(t: string, envs: readonly number[], contents: object = {}, again = false): void {
    if (!again) for (const env of envs) this.#seq[env]++;
    const seq = ndarray(Uint32Array.from(envs, (env) => this.#seq[env]));
    this.#connection.send({ t, envs: ndarray(Int32Array.from(envs)), seq, ...contents });
  }

  /** The next reply. @throws Error where none comes in time, or it reports a failure */
  async next(t: string): Promise<Reply> {
    const late = () => new Error(`${t}: no reply within ${this.#timeoutMs} ms`);
    const reply = readMessage(envReply, await inTime(this.#frame(t), this.#timeoutMs, late));
    if (reply.t === 'error') throw new Error(`${reply.code}: ${reply.message}`);
    if (reply.t === 'failed') throw new Error(`${t}: ${reply.code}: ${reply.message}`);
    return reply;
  }

  #frame(t: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#come.length > 0) return resolve(this.#come.shift());
      const gone = (closed: Closed) => reject(new Error(`${t}: ${explainClosed(closed)}`));
      if (this.#closed) return gone(this.#closed);
      this.#waiting = { resolve, gone };
    });
  }

  /** Breaks the connection without a closing frame. */
  cut(): void {
    this.#connection.terminate();
  }

  close(): void {
    this.#connection.send({ t: 'close' });
    this.#connection.close();
  }
}
