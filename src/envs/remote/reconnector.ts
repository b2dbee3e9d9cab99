import type { Rng } from '../../kernels/index.ts';
import { type Closed, explainClosed, isPassing } from '../net/socket/closed.ts';
import { defaultBackoff, fullJitter } from '../net/wire/backoff.ts';
import type { Welcome } from '../net/wire/messages.ts';
import { PeerError, WireError } from '../net/wire/wire-error.ts';
import type { Link } from './link.ts';
import type { RemoteEnvGroup } from './remote-env-group.ts';
import { MOST_BREACHES, TrainerSession } from './trainer-session.ts';

/** Connects to one place of environments. */
export interface Connector {
  /** The name of the place, for messages. */
  readonly name: string;
  /**
   * Connects, or resumes a session.
   * @param count number of environments to ask for; there may be fewer
   * @param resume the session to resume
   * @throws Error where it fails; with `retryable: false` where a later attempt would fail too
   */
  connect(count: number, resume?: Resume): Promise<{ link: Link; welcome: Welcome }>;
}

export interface Resume {
  session: string;
  token: string;
}

/** Faults of an answer to hello that another attempt would hardly change. */
const BREACHES = new Set<string | undefined>(['BAD_FRAME', 'BAD_MESSAGE', 'TOO_LARGE']);
/** Close codes that end a session (docs/protocol.md). */
const FAREWELLS = new Set([1000, 1001, 4002, 4003]);
/** Time between checks for overdue answers, in ms. */
const LOOK_MS = 500;

/**
 * Keeps seats of a group connected to one place. After a broken connection it resumes the session; if the session is
 * gone, it begins another. It gives up on a peer that only breaks the protocol.
 */
export class Reconnector {
  readonly #connector: Connector;
  readonly #group: RemoteEnvGroup;
  readonly #timeoutMs: number;
  readonly #rng: Rng;
  #seats: number[] = [];
  #session: TrainerSession | undefined;
  #welcome: Welcome | undefined;
  #link: Link | undefined;
  #cutAt: number | undefined;
  /** The end of the latest connection, until an answer comes. */
  #ended: string | undefined;
  #attempts = 0;
  /** Faulty answers to hello in a row. */
  #breaches = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #look: NodeJS.Timeout;
  #closed = false;

  readonly #beside: readonly Reconnector[];

  /**
   * @param timeoutMs the longest time for an answer, in ms
   * @param beside all reconnectors to the same place, whose environments may take turns with these
   */
  constructor(
    connector: Connector,
    group: RemoteEnvGroup,
    timeoutMs: number,
    rng: Rng,
    beside: readonly Reconnector[] = [],
  ) {
    this.#connector = connector;
    this.#group = group;
    this.#timeoutMs = timeoutMs;
    this.#rng = rng;
    this.#beside = beside;
    this.#look = setInterval(() => this.#checkTime(), Math.min(LOOK_MS, timeoutMs));
  }

  /**
   * Connects for the first time.
   * @returns the number of seats that it has taken, from the first on
   */
  async begin(seats: readonly number[]): Promise<number> {
    const { link, welcome } = await this.#connector.connect(seats.length);
    this.#seats = seats.slice(0, welcome.numEnvs);
    this.#startOver(link, welcome);
    return this.#seats.length;
  }

  /** Ends the session, and begins no other. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#look);
    clearTimeout(this.#retry);
    if (this.#link) leave(this.#link);
  }

  /** Begins a session. @throws WireError where its environments do not fit the group; that ends the link */
  #startOver(link: Link, welcome: Welcome): void {
    try {
      this.#start(link, welcome);
    } catch (error) {
      const { closeCode = 1011 } = error as Partial<WireError>;
      link.close(closeCode, (error as Error).message);
      throw error;
    }
  }

  #start(link: Link, welcome: Welcome): void {
    if (welcome.env === undefined || welcome.numEnvs === undefined) {
      throw new WireError('BAD_MESSAGE', 'welcome: expected env and numEnvs');
    }
    const session = new TrainerSession(welcome.env, welcome.numEnvs);
    this.#group.check(welcome.env);
    this.#session = session;
    this.#attach(link, welcome);
    this.#group.place(
      session,
      this.#seats.map((seat, env) => ({ seat, env })),
    );
  }

  #attach(link: Link, welcome: Welcome): void {
    const session = this.#session!;
    this.#link = link;
    this.#welcome = welcome;
    this.#cutAt = undefined;
    this.#breaches = 0;
    link.onMessage = (message) => {
      try {
        const answered = session.receive(message);
        if (answered !== undefined) this.#answered(answered);
      } catch (error) {
        if (error instanceof PeerError) {
          link.close();
          this.#cut(link, { code: error.peerCloseCode, reason: error.message });
          return;
        }
        // A faulty answer: another connection may be better.
        const fault = error instanceof WireError ? error : new WireError('INTERNAL', String(error));
        link.close(fault.closeCode, fault.message);
        this.#cut(link, { code: fault.closeCode, reason: '', fault });
      }
    };
    session.attach(link);
    link.onClose = (closed) => this.#cut(link, closed);
  }

  /** Notes an answer. @param since the time of the earliest request that it answers */
  #answered(since: number): void {
    this.#attempts = 0;
    this.#ended = undefined;
    const now = performance.now();
    // Environments of one place may take turns, so later requests had to wait.
    for (const line of new Set([this, ...this.#beside])) line.#session?.wait(since, now);
  }

  #cut(link: Link, closed: Closed): void {
    if (this.#link !== link || this.#closed) return;
    this.#link = undefined;
    this.#cutAt = performance.now();
    const session = this.#session!;
    session.detach();
    this.#ended = explainClosed(closed);
    this.#group.note(`${this.#connector.name}: ${this.#ended}`);
    if (!isPassing(closed) && session.breach() > MOST_BREACHES) {
      this.#giveUp(`${this.#ended}, ${MOST_BREACHES + 1} times in a row`);
      return;
    }
    const gone = this.#welcome!.limits.graceMs === 0 || FAREWELLS.has(closed.code);
    if (gone) this.#lose(this.#ended);
    this.#again();
  }

  /** Reports the place as lost for good. */
  #giveUp(reason: string): void {
    this.close();
    this.#group.fail(`${this.#connector.name}: ${reason}`);
  }

  #lose(reason: string): void {
    if (this.#session === undefined) return;
    this.#group.lose(this.#session, `${this.#connector.name}: ${reason}`);
    this.#session = undefined;
  }

  #again(): void {
    clearTimeout(this.#retry);
    const wait = fullJitter(this.#attempts++, defaultBackoff, this.#rng);
    this.#retry = setTimeout(() => void this.#reconnect(), wait);
  }

  async #reconnect(): Promise<void> {
    const session = this.#session;
    try {
      if (session) await this.#resume(session);
      else await this.#renew();
    } catch (error) {
      // A lost session is being replaced already.
      if (this.#closed || this.#session !== session) return;
      this.#fail(error as Error & { code?: string; retryable?: boolean });
    }
  }

  async #resume(resumed: TrainerSession): Promise<void> {
    const { session, token } = this.#welcome!;
    const { link, welcome } = await this.#connector.connect(this.#seats.length, { session, token });
    if (this.#closed || this.#session !== resumed) return leave(link);
    this.#attach(link, welcome);
  }

  async #renew(): Promise<void> {
    const { link, welcome } = await this.#connector.connect(this.#seats.length);
    if (this.#closed) return leave(link);
    if (welcome.numEnvs! < this.#seats.length) {
      leave(link);
      throw new WireError('CAPACITY_REACHED', `has ${welcome.numEnvs} environments left`);
    }
    this.#startOver(link, welcome);
  }

  #fail({ code, message, retryable }: Error & { code?: string; retryable?: boolean }): void {
    this.#group.note(`${this.#connector.name}: ${message}`);
    const breach = BREACHES.has(code) && ++this.#breaches > MOST_BREACHES;
    if (breach || code === 'SPACE_MISMATCH' || code === 'VERSION') {
      this.#giveUp(message);
      return;
    }
    // A server that an environment blocks accepts no connection, but keeps its sessions.
    const graceMs = Math.max(this.#welcome?.limits.graceMs ?? 0, this.#timeoutMs);
    const late = performance.now() - (this.#cutAt ?? 0) > graceMs;
    if (code === 'SESSION_EXPIRED' || late || retryable === false) this.#lose(message);
    this.#again();
  }

  #checkTime(): void {
    const since = this.#session?.waitingSince;
    if (since === undefined || performance.now() - since < this.#timeoutMs) return;
    const link = this.#link;
    this.#link = undefined;
    const ended = this.#ended === undefined ? '' : ` (the last connection: ${this.#ended})`;
    this.#lose(`no answer within ${this.#timeoutMs} ms${ended}`);
    if (link) leave(link);
    this.#again();
  }
}

/** Ends a session for good. */
function leave(link: Link): void {
  link.send({ t: 'close' });
  link.close();
}
