import type { Connection } from '../socket/connection.ts';
import { dial } from '../socket/dial.ts';
import { sayHello } from '../socket/handshake.ts';
import { after } from '../timers.ts';
import { msgpackCodec } from '../wire/codec.ts';
import {
  type EnvReply,
  envReply,
  readMessage,
  type Welcome,
  WIRE_VERSION,
} from '../wire/messages.ts';
import { ndarray } from '../wire/ndarray.ts';

/** A reply about environments. */
export type Reply = Exclude<EnvReply, { t: 'error' }>;

/** A request as it was sent. */
export interface Sent {
  t: string;
  envs: readonly number[];
  message: object;
}

/** A conversation with a server of environments, message by message, as a check wants to have it. */
export class Talk {
  readonly welcome: Welcome;
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #seq: number[];

  private constructor(connection: Connection, welcome: Welcome, timeoutMs: number, seq: number[]) {
    this.#connection = connection;
    this.welcome = welcome;
    this.#timeoutMs = timeoutMs;
    this.#seq = seq;
  }

  /**
   * @param from the conversation to resume over another connection
   * @throws DialError or WireError where the server refuses
   */
  static async open(
    url: string,
    { token, timeoutMs, numEnvs = 1 }: { token?: string; timeoutMs: number; numEnvs?: number },
    from?: Talk,
  ): Promise<Talk> {
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
    return new Talk(connection, welcome, timeoutMs, seq);
  }

  /** Asks these environments. @returns what was sent, and the replies, which may come in parts */
  async ask(t: string, envs: readonly number[], contents: object = {}) {
    for (const env of envs) this.#seq[env]++;
    const seq = ndarray(Uint32Array.from(envs, (env) => this.#seq[env]));
    const message = { t, envs: ndarray(Int32Array.from(envs)), seq, ...contents };
    const sent: Sent = { t, envs, message };
    return { sent, replies: await this.again(sent) };
  }

  /** Sends a request once more, as after a cut. */
  again({ t, envs, message }: Sent): Promise<Reply[]> {
    return new Promise((resolve, reject) => {
      const replies: Reply[] = [];
      const missing = new Set(envs);
      const late = after(this.#timeoutMs, () => {
        reject(new Error(`${t}: no reply within ${this.#timeoutMs} ms`));
      });
      const settle = (end: () => void) => {
        late.stop();
        end();
      };
      this.#connection.onClose = ({ code, reason }) =>
        settle(() => reject(new Error(`${t}: closed with ${code} ${reason}`)));
      this.#connection.onMessage = (frame) => {
        try {
          const reply = readMessage(envReply, frame);
          if (reply.t === 'error') throw new Error(`${reply.code}: ${reply.message}`);
          if (reply.t === 'failed') throw new Error(`${t}: ${reply.code}: ${reply.message}`);
          replies.push(reply);
          for (const env of reply.envs) missing.delete(env);
          if (missing.size === 0) settle(() => resolve(replies));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      this.#connection.send(message);
    });
  }

  /** Breaks off without a word. */
  cut(): void {
    this.#connection.terminate();
  }

  close(): void {
    this.#connection.send({ t: 'close' });
    this.#connection.close();
  }
}
