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

/** What a client asks that is answered with an observation. */
export type Question = { type: 'reset' | 'step'; data: Record<string, unknown> };

/** A server is trusted with larger frames than a client: images travel as lists of numbers. */
const replyLimits: FrameLimits = { depth: 64, entries: 4_000_000 };

/** Characters of a server's list of errors. */
const MOST_SHOWN = 500;

interface Pending {
  verb: Question['type'];
  resolve(observed: Observed): void;
  reject(reason: Error): void;
}

/**
 * A connection to an OpenEnv server: one question, then its answer. Replies do not say to what, so after
 * anything unexpected the connection is given up.
 */
export class Conversation {
  readonly #url: string;
  readonly #connection: Connection;
  #pending: Pending | undefined;
  /** What the server said before anything was asked: that it is full, or cannot. */
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
   * Asks, and waits for the answer; one question at a time.
   * @throws EnvDisconnectedError where the connection breaks, or there is no answer in time (ms)
   * @throws OpenEnvError with which the server answered
   */
  async ask(question: Question, timeoutMs: number): Promise<Observed> {
    const { type: verb } = question;
    if (this.#refusal) throw this.#refusal;
    if (!this.open)
      throw new EnvDisconnectedError(`${this.#url}: ${verb}: the connection is closed`);
    if (this.#pending) throw new Error(`${verb}: the ${this.#pending.verb} before is not answered`);
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
      // An error says why nothing can be asked; of anything else nobody knows what it answers.
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
      throw new Error(`${at}: none of OpenEnv's replies: ${explainBy(openEnvReply, message)}`);
    }
    if (reply.type === 'observation') return reply.data;
    const { code, message: what, ...details } = reply.data;
    const errors = JSON.stringify(details.errors ?? '').slice(0, MOST_SHOWN);
    const told = `${at}: ${code}: ${what} ${errors === '""' ? '' : errors}`.trimEnd();
    throw code === 'SESSION_ERROR'
      ? new EnvDisconnectedError(told)
      : new OpenEnvError(code, told, details);
  }

  /** Ends the connection, and whoever waits learns why. */
  #giveUp(reason?: Error): void {
    this.#connection.terminate();
    const pending = this.#pending;
    this.#pending = undefined;
    if (reason) pending?.reject(reason);
  }
}
