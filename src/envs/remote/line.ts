import type { Rng } from '../../kernels/index.ts';
import type { Closed } from '../socket/connection.ts';
import { defaultBackoff, fullJitter } from '../wire/backoff.ts';
import { WireError } from '../wire/errors.ts';
import type { Welcome } from '../wire/messages.ts';
import type { Link } from './link.ts';
import type { SeatGroup } from './seat-group.ts';
import { TrainerSession } from './trainer-session.ts';

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

/** Breaches of the protocol with no answer between, after which a peer is refused for good. */
const MOST_BREACHES = 3;
/** Closing codes with which a session is over, rather than cut (docs/protocol.md). */
const FAREWELLS = new Set([1000, 1001, 4002, 4003]);
/** How often it is looked whether an answer is overdue, in ms. */
const LOOK_MS = 500;

/**
 * Keeps seats of a group connected to one place: over a cut it resumes the session, and where that is gone it
 * begins another, again and again.
 */
export class Line {
  readonly #connector: Connector;
  readonly #group: SeatGroup;
  readonly #timeoutMs: number;
  readonly #rng: Rng;
  #seats: number[] = [];
  #session: TrainerSession | undefined;
  #welcome: Welcome | undefined;
  #link: Link | undefined;
  #cutAt: number | undefined;
  #attempts = 0;
  #breaches = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #look: NodeJS.Timeout;
  #closed = false;

  /** @param timeoutMs how long an answer may take */
  constructor(connector: Connector, group: SeatGroup, timeoutMs: number, rng: Rng) {
    this.#connector = connector;
    this.#group = group;
    this.#timeoutMs = timeoutMs;
    this.#rng = rng;
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
    link.onClose = (closed) => this.#cut(link, closed);
    link.onMessage = (message) => {
      try {
        session.receive(message);
        this.#attempts = this.#breaches = 0;
      } catch (error) {
        this.#breach(link, error as Error);
      }
    };
    session.attach(link);
    if (!link.open) this.#cut(link, { code: 1006, reason: '' });
  }

  /** What came is no answer: another connection may do better, but not for ever. */
  #breach(link: Link, error: Error): void {
    const message = `${this.#connector.name}: ${error.message}`;
    if (++this.#breaches > MOST_BREACHES) this.#group.fail(message);
    link.close(error instanceof WireError ? error.closeCode : 1011, error.message);
    this.#cut(link, { code: 1008, reason: error.message });
  }

  #cut(link: Link, { code, reason }: Closed): void {
    if (this.#link !== link || this.#closed) return;
    this.#link = undefined;
    this.#session?.detach();
    this.#cutAt = performance.now();
    const closed = `closed with ${code}${reason && `, ${reason}`}`;
    this.#group.note(`${this.#connector.name}: ${closed}`);
    if (this.#welcome!.limits.graceMs === 0) this.#lose('the connection is gone');
    else if (FAREWELLS.has(code)) this.#lose(closed);
    this.#again();
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
    if (code === 'SPACE_MISMATCH' || code === 'VERSION') {
      this.#group.fail(`${this.#connector.name}: ${message}`);
      return;
    }
    const graceMs = this.#welcome?.limits.graceMs ?? 0;
    const late = performance.now() - (this.#cutAt ?? 0) > graceMs;
    if (code === 'SESSION_EXPIRED' || late || retryable === false) this.#lose(message);
    this.#again();
  }

  #checkTime(): void {
    const since = this.#session?.waitingSince;
    if (since === undefined || performance.now() - since < this.#timeoutMs) return;
    const link = this.#link;
    this.#link = undefined;
    this.#lose(`no answer within ${this.#timeoutMs} ms`);
    if (link) leave(link);
    this.#again();
  }
}

/** Ends a session rather than let it wait to be resumed. */
function leave(link: Link): void {
  link.send({ t: 'close' });
  link.close();
}
