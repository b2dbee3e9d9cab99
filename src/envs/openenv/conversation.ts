import { after } from '../common/timers.ts';
import { EnvDisconnectedError } from '../contract/env-disconnected-error.ts';
import { explainClosed } from '../net/socket/closed.ts';
import type { Connection } from '../net/socket/connection.ts';
import { type DialOptions, dial } from '../net/socket/dial.ts';
import type { FrameLimits } from '../net/wire/scan.ts';
import { explainBy } from '../spaces/schema.ts';
import { OpenEnvError } from './open-env-errors.ts';
import { type Observed, openEnvReply } from './open-env-messages.ts';
import { parseJson } from './parse-json.ts';
import { textCodec } from './text-codec.ts';

/** A request whose answer is an observation. */
export type Question = { type: 'reset' | 'step'; data: Record<string, unknown> };

/** A server may send larger frames than a client, since images travel as lists of numbers. */
const replyLimits: FrameLimits = { depth: 64, entries: 4_000_000 };

/** The most characters of a server's list of errors in a message. */
const MOST_SHOWN = 500;

interface Pending {
  verb: Question['type'];
  resolve(observed: Observed): void;
  reject(reason: Error): void;
}

/**
 * A connection to an OpenEnv server: a request, then its answer. Replies do not name their request, so an unexpected
 * message ends the connection.
 */
export class Conversation {
  readonly #url: string;
  readonly #connection: Connection;
  #pending: Pending | undefined;
  /** The server's error before the first request: it is full, or has failed. */
  #refusal: Error | undefined;

  /** @throws DialError */
  static async open(url: string, options: DialOptions): Promise<Conversation> {
    return new Conversation(url, await dial(url, textCodec, options));
  }

  private constructor(url: string, connection: Connection) {
    this.#url = url;
    this.#connection = connection;
    connection.onMessage = (frame) => this.#receive(frame as string);
    connection.onClose = (closed) =>
      this.#giveUp(new EnvDisconnectedError(`${url}: ${explainClosed(closed)}`));
  }

  get open(): boolean {
    return this.#connection.open;
  }

  /**
   * Sends a request and waits for the answer; one request at a time.
   * @param timeoutMs the longest time for the answer, in ms
   * @throws EnvDisconnectedError where the connection breaks, or no answer comes in time
   * @throws OpenEnvError of the server's answer
   */
  async ask(question: Question, timeoutMs: number): Promise<Observed> {
    const { type: verb } = question;
    if (this.#refusal) throw this.#refusal;
    if (!this.open)
      throw new EnvDisconnectedError(`${this.#url}: ${verb}: the connection is closed`);
    if (this.#pending)
      throw new Error(`${verb}: expected the answer to ${this.#pending.verb} first`);
    const late = after(timeoutMs, () => {
      this.#giveUp(
        new EnvDisconnectedError(`${this.#url}: ${verb}: no answer within ${timeoutMs} ms`),
      );
    });
    try {
      return await new Promise((resolve, reject) => {
        this.#pending = { verb, resolve, reject };
        this.#connection.send(question);
      });
    } finally {
      late.stop();
    }
  }

  close(): void {
    this.#connection.send({ type: 'close' });
    this.#connection.close();
  }

  #receive(frame: string): void {
    const pending = this.#pending;
    if (pending === undefined) {
      // An error is the reason of the end; another message belongs to no request.
      try {
        this.#read(frame, 'connecting');
      } catch (error) {
        this.#refusal = error as Error;
      }
      this.#giveUp();
      return;
    }
    this.#pending = undefined;
    try {
      pending.resolve(this.#read(frame, pending.verb));
    } catch (error) {
      if (!(error instanceof OpenEnvError) || error.final) this.#giveUp();
      pending.reject(error as Error);
    }
  }

  #read(frame: string, verb: string): Observed {
    const at = `${this.#url}: ${verb}`;
    let message: unknown;
    try {
      message = parseJson(frame, replyLimits);
    } catch (cause) {
      throw new Error(`${at}: ${(cause as Error).message}`, { cause });
    }
    const { success, data: reply } = openEnvReply.safeParse(message);
    if (!success) {
      throw new Error(
        `${at}: expected a reply of OpenEnv, got another message: ${explainBy(openEnvReply, message)}`,
      );
    }
    if (reply.type === 'observation') return reply.data;
    const { code, message: what, ...details } = reply.data;
    const errors = JSON.stringify(details.errors ?? '').slice(0, MOST_SHOWN);
    const text = `${at}: ${code}: ${what} ${errors === '""' ? '' : errors}`.trimEnd();
    throw code === 'SESSION_ERROR'
      ? new EnvDisconnectedError(text)
      : new OpenEnvError(code, text, details);
  }

  /** Ends the connection, and rejects the open request. */
  #giveUp(reason?: Error): void {
    this.#connection.terminate();
    const pending = this.#pending;
    this.#pending = undefined;
    if (reason) pending?.reject(reason);
  }
}
