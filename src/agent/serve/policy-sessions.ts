import { after, type Timer } from '../../envs/common/index.ts';
import {
  type Connection,
  type Hello,
  newTicket,
  sameTicket,
  WireError,
} from '../../envs/net/index.ts';
import type { PolicyBatcher } from './policy-batcher.ts';
import { PolicyHistories } from './policy-histories.ts';

/** What one client has: its histories, over one connection after another. */
export interface PolicySession {
  readonly ticket: ReturnType<typeof newTicket>;
  readonly histories: PolicyHistories;
  connection: Connection | undefined;
  /** Runs while it waits for its connection to come back. */
  grace: Timer | undefined;
}

export interface SessionLimits {
  /** How long a session waits for its connection to come back, in ms. */
  graceMs: number;
  /** The most histories to keep, over all sessions. */
  histories: number;
}

/**
 * The sessions of clients, where the policy has a memory. A session whose connection breaks keeps its histories for a while. Where
 * there are too many histories, those of broken connections go first, then the oldest of the session that has most.
 */
export class PolicySessions {
  readonly #limits: SessionLimits;
  readonly #thinker: PolicyBatcher;
  /** By name; those that wait longest for a connection come before others that wait. */
  readonly #sessions = new Map<string, PolicySession>();
  /** Histories of all sessions. */
  #count = 0;

  constructor(thinker: PolicyBatcher, limits: SessionLimits) {
    this.#thinker = thinker;
    this.#limits = limits;
  }

  /** Histories of all sessions. */
  get histories(): number {
    return this.#count;
  }

  /**
   * The session of a connection: the one that its hello resumes, or another one where that is gone or is not the client's.
   * `attach` gives it the connection.
   */
  find(resume: Hello['resume']): { session: PolicySession; resumed: boolean } {
    const known = resume && this.#sessions.get(resume.session);
    if (known && sameTicket(known.ticket, resume)) return { session: known, resumed: true };
    const histories = new PolicyHistories({
      begin: () => {
        this.#makeRoom();
        return this.#thinker.agent.remembering.begin()!;
      },
      forgotten: (history) => {
        this.#count--;
        this.#thinker.forget(history);
      },
    });
    const session = { ticket: newTicket(), histories, connection: undefined, grace: undefined };
    this.#sessions.set(session.ticket.session, session);
    return { session, resumed: false };
  }

  /** Continues a session over this connection, and ends the one before. */
  attach(session: PolicySession, connection: Connection): void {
    const replaced = session.connection;
    session.connection = connection;
    session.grace?.stop();
    replaced?.fail(new WireError('SESSION_REPLACED', 'session: resumed by another connection'));
  }

  /** The connection has ended. @param over whether the client said that it does not come back */
  detach(session: PolicySession, connection: Connection, over: boolean): void {
    if (session.connection !== connection) return;
    session.connection = undefined;
    if (over || session.histories.size === 0) {
      this.#end(session);
      return;
    }
    const { session: name } = session.ticket;
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    session.grace = after(this.#limits.graceMs, () => this.#end(session)).unref();
  }

  /** Ends all sessions that wait for a connection. */
  close(): void {
    for (const session of [...this.#sessions.values()]) this.#end(session);
  }

  #end(session: PolicySession): void {
    session.grace?.stop();
    session.histories.clear();
    this.#sessions.delete(session.ticket.session);
  }

  /** Counts one more history, and forgets another where there are too many. */
  #makeRoom(): void {
    if (++this.#count <= this.#limits.histories) return;
    const all = [...this.#sessions.values()].filter(({ histories }) => histories.size > 0);
    const waiting = all.filter(({ connection }) => connection === undefined);
    const largest = all.sort((a, b) => b.histories.size - a.histories.size);
    for (const { histories } of [...waiting, ...largest]) if (histories.forgetOldest()) return;
  }
}
