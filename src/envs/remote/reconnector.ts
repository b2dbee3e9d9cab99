import type { Rng } from '../../kernels/index.ts';
import { type Closed, explainClosed, isPassing } from '../net/socket/closed.ts';
import { defaultBackoff, fullJitter } from '../net/wire/backoff.ts';
import type { Welcome } from '../net/wire/messages.ts';
import { PeerError, WireError } from '../net/wire/wire-error.ts';
import type { Link } from './link.ts';
import type { RemoteEnvGroup } from './remote-env-group.ts';
import { MOST_BREACHES, TrainerSession } from './trainer-session.ts';

/** Makes links to one place where environments are. */
export interface Connector {
  /** For messages. */
  readonly name: string;
  /**
   * @param count environments wished for; there may be fewer
   * @param resume the session to go on with
   * @throws Error where it cannot be had now; `retryable: false` on it where later neither
   */
  connect(count: number, resume?: Resume): Promise<{ link: Link; welcome: Welcome }>;
}

export interface Resume {
  session: string;
  token: string;
}

/** What is wrong with an answer to hello that another attempt would hardly mend. */
const BREACHES = new Set<string | undefined>(['BAD_FRAME', 'BAD_MESSAGE', 'TOO_LARGE']);
/** Closing codes with which a session is over, rather than cut (docs/protocol.md). */
const FAREWELLS = new Set([1000, 1001, 4002, 4003]);
/** How often it is looked whether an answer is overdue, in ms. */
const LOOK_MS = 500;

/**
 * Keeps seats of a group connected to one place: over a cut it resumes the session, and where that is gone it
 * begins another, again and again, but not for a peer that does nothing but break the protocol.
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
  /** How the latest connection ended, until there is an answer. */
  #ended: string | undefined;
  #attempts = 0;
  /** Breaches in answer to hello, one after another. */
  #breaches = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #look: NodeJS.Timeout;
  #closed = false;

  readonly #beside: readonly Reconnector[];

  /**
   * @param timeoutMs how long an answer may take
   * @param beside all lines to the same place, whose environments may take turns with those of this one
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
   * @returns the seats that it has taken, from the first on
   */
  async begin(seats: readonly number[]): Promise<number> {
    const { link, welcome } = await this.#connector.connect(seats.length);
    this.#seats = seats.slice(0, welcome.numEnvs);
    this.#startOver(link, welcome);
    return this.#seats.length;
  }

  /** Ends the session, and takes no other. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#look);
    clearTimeout(this.#retry);
    if (this.#link) leave(this.#link);
  }

  /** @throws WireError where what there is does not fit the group, which ends the link */
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
          this.#cut(link, { code: error.saidClose, reason: error.message });
          return;
        }
        // What came is no answer: another connection may do better.
        const fault = error instanceof WireError ? error : new WireError('INTERNAL', String(error));
        link.close(fault.closeCode, fault.message);
        this.#cut(link, { code: fault.closeCode, reason: '', fault });
      }
    };
    session.attach(link);
    link.onClose = (closed) => this.#cut(link, closed);
  }

  /** @param since when the earliest of the requests was made that are answered */
  #answered(since: number): void {
    this.#attempts = 0;
    this.#ended = undefined;
    const now = performance.now();
    // Environments of one place may take turns, and those asked later had to wait.
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

  /** Nothing more is to be had there. */
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
      // A session that was lost meanwhile is being replaced already.
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
    // A server that an environment blocks accepts nobody, but it keeps its sessions.
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

/** Ends a session rather than let it wait to be resumed. */
function leave(link: Link): void {
  link.send({ t: 'close' });
  link.close();
}
