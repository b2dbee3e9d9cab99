import type { ResetOptions } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { BatchError, stack, unstack } from '../net/wire/batch.ts';
import { unstackDemonstration } from '../net/wire/demonstration.ts';
import { unstackEarlier } from '../net/wire/earlier.ts';
import { fit } from '../net/wire/fit.ts';
import { type EnvDescription, type EnvReply, envReply, readMessage } from '../net/wire/messages.ts';
import { ndarray } from '../net/wire/ndarray.ts';
import { PeerError, WireError } from '../net/wire/wire-error.ts';
import { spaceFromJson } from '../spaces/index.ts';
import type { Link } from './link.ts';

/** A request to some of a session's environments, with an argument for each. */
export interface Ask {
  /** A reset's arguments are `ResetOptions`, a step's actions, a restore's states. */
  t: 'reset' | 'step' | 'snapshot' | 'restore' | 'render';
  envs: readonly number[];
  args: readonly unknown[];
}

export type Answer = Exclude<EnvReply, { t: 'error' }>;

/** The open request of one environment. */
interface Pending {
  t: Ask['t'];
  arg: unknown;
  /** The time of the request (performance.now). */
  asked: number;
  /** The earliest time of its turn: the environments before it answer first, one after another. */
  since: number;
  /** Connections that a breach of the protocol ended while it waited. */
  breaches: number;
}

/** The most breaches of the protocol during one request. */
export const MOST_BREACHES = 3;

const answers: Record<Exclude<Answer['t'], 'failed'>, Ask['t']> = {
  began: 'reset',
  stepped: 'step',
  snapshots: 'snapshot',
  restored: 'restore',
  rendered: 'render',
};

/**
 * The trainer's side of a session: numbers the requests of each environment, and repeats open requests over a new link.
 * It validates every message.
 */
export class TrainerSession {
  readonly description: EnvDescription;
  readonly count: number;
  /** Receive each answer, and for which of its environments it is news; the others had theirs before. */
  readonly listeners = new Set<(answer: Answer, news: readonly boolean[]) => void>();
  readonly #observationSpace: Space;
  readonly #actionSpace: Space;
  readonly #seq: Uint32Array; // [count]
  readonly #pending: (Pending | undefined)[]; // [count]
  #link: Link | undefined;

  /** @throws WireError BAD_MESSAGE for a description without valid spaces */
  constructor(description: EnvDescription, count: number) {
    this.description = description;
    this.count = count;
    try {
      this.#observationSpace = spaceFromJson(description.observationSpace);
      this.#actionSpace = spaceFromJson(description.actionSpace);
    } catch (cause) {
      throw new WireError('BAD_MESSAGE', `env: ${(cause as Error).message}`, { cause });
    }
    this.#seq = new Uint32Array(count);
    this.#pending = new Array(count);
  }

  /** The earliest time of a turn among the open requests; undefined without one. */
  get waitingSince(): number | undefined {
    let oldest: number | undefined;
    for (const pending of this.#pending) {
      if (pending && !(pending.since > oldest!)) oldest = pending.since;
    }
    return oldest;
  }

  /** Moves the turn of later requests to now: they may have waited for the one that was answered. */
  wait(asked: number, now: number): void {
    for (const pending of this.#pending) {
      if (pending && pending.asked >= asked) pending.since = now;
    }
  }

  /** Counts a breach of the protocol that ended a connection. @returns the most breaches of an open request */
  breach(): number {
    return this.#pending.reduce((most, one) => Math.max(most, one ? ++one.breaches : 0), 0);
  }

  /** Whether an environment has no open request. */
  idle(env: number): boolean {
    return this.#pending[env] === undefined;
  }

  /** Continues over this link, and repeats open requests. */
  attach(link: Link): void {
    this.#link = link;
    const verbs = new Set(this.#pending.map((pending) => pending?.t));
    for (const t of verbs) {
      if (t === undefined) continue;
      const envs = [...this.#pending.keys()].filter((env) => this.#pending[env]?.t === t);
      this.#send({ t, envs, args: envs.map((env) => this.#pending[env]!.arg) });
    }
  }

  detach(): void {
    this.#link = undefined;
  }

  /** Sends a request to idle environments. */
  ask(ask: Ask): void {
    const asked = performance.now();
    ask.envs.forEach((env, row) => {
      this.#seq[env]++;
      this.#pending[env] = { t: ask.t, arg: ask.args[row], asked, since: asked, breaches: 0 };
    });
    this.#send(ask);
  }

  #send({ t, envs, args }: Ask): void {
    const link = this.#link;
    if (link === undefined) return;
    const named = (rows: readonly number[]) => ({
      envs: ndarray(Int32Array.from(rows, (row) => envs[row])),
      seq: ndarray(Uint32Array.from(rows, (row) => this.#seq[envs[row]])),
    });
    const build = (rows: readonly number[]) => {
      const contents = this.#contents(
        t,
        rows.map((row) => args[row]),
      );
      return { t, ...named(rows), ...contents };
    };
    const refused: object[] = [];
    const refuse = (row: number, why: string) => {
      const answer: Answer = {
        t: 'failed',
        envs: Int32Array.of(envs[row]),
        seq: Uint32Array.of(this.#seq[envs[row]]),
        code: 'TOO_LARGE',
        message: `${t}: ${why}`,
      };
      refused.push(answer);
      this.#withdraw(envs[row], answer);
      return answer;
    };
    const all = fit([...envs.keys()], build, link.peerTakes, refuse);
    link.send(...all.filter((message) => !refused.includes(message)));
  }

  /** Answers a request that cannot be sent. */
  #withdraw(env: number, answer: Answer): void {
    this.#seq[env]--;
    this.#pending[env] = undefined;
    queueMicrotask(() => {
      for (const listener of this.listeners) listener(answer, [true]);
    });
  }

  #contents(t: Ask['t'], args: readonly unknown[]): object {
    switch (t) {
      case 'reset': {
        const resets = args as readonly ResetOptions[];
        // A message has one set of options for all its environments.
        const options = resets.find(({ options }) => options !== undefined)?.options;
        return { seeds: resets.map(({ seed }) => seed ?? null), options };
      }
      case 'step':
        return { actions: stack(this.#actionSpace, args) };
      case 'restore':
        return { states: args };
      default:
        return {};
    }
  }

  /**
   * Handles a message of the link.
   * @returns the time of the earliest request that it answers; undefined without news
   * @throws WireError for a message that is no fitting answer; PeerError where the peer reports an error
   */
  receive(message: unknown): number | undefined {
    const reply = readMessage(envReply, message);
    if (reply.t === 'error') throw new PeerError(reply.code, reply.message);
    const k = reply.envs.length;
    const news = Array.from(reply.envs, (env, row) => this.#isNews(reply, env, reply.seq[row]));
    if (reply.seq.length !== k) throw misfit(`${reply.t}.seq`, k, reply.seq.length);
    if (!news.includes(true)) return undefined;
    this.#check(reply, k);
    let earliest = Infinity;
    reply.envs.forEach((env, row) => {
      if (!news[row]) return;
      // A reply may name an environment twice.
      earliest = Math.min(earliest, this.#pending[env]?.asked ?? Infinity);
      this.#pending[env] = undefined;
    });
    for (const listener of this.listeners) listener(reply, news);
    return earliest;
  }

  #isNews({ t }: Answer, env: number, seq: number): boolean {
    if (!(env < this.count)) throw misfit(`${t}.envs`, `indices below ${this.count}`, env);
    const pending = this.#pending[env];
    if (pending === undefined || seq < this.#seq[env]) return false;
    const fits = seq === this.#seq[env] && (t === 'failed' || answers[t] === pending.t);
    if (!fits) throw misfit(`${t}.seq`, `an answer to ${pending.t} ${this.#seq[env]}`, seq);
    return true;
  }

  /** Checks that the parts of an answer fit its environments. */
  #check(reply: Answer, k: number): void {
    try {
      if (reply.t === 'began' || reply.t === 'stepped') this.#checkShown(reply.t, reply, k);
      if (reply.t === 'stepped') {
        for (const key of ['reward', 'terminated', 'truncated'] as const) {
          checkLength(`stepped.${key}`, reply[key], k);
        }
        if (reply.next) {
          if (reply.next.at.some((row) => row >= k)) throw misfit('stepped.next.at', k, 'more');
          this.#checkShown('stepped.next', reply.next, reply.next.at.length);
        }
      }
      if (reply.t === 'snapshots') checkLength('snapshots.states', reply.states, k);
      if (reply.t === 'rendered') checkLength('rendered.drawings', reply.drawings, k);
    } catch (cause) {
      if (!(cause instanceof BatchError)) throw cause;
      throw new WireError('BAD_MESSAGE', `${reply.t}.obs: ${cause.message}`, { cause });
    }
  }

  #checkShown(at: string, shown: Shown, k: number): void {
    unstack(this.#observationSpace, shown.obs, k);
    if (shown.actionMask) checkLength(`${at}.actionMask`, { length: shown.actionMask.shape[0] }, k);
    if (shown.info) checkLength(`${at}.info`, shown.info, k);
    for (const info of shown.info ?? []) {
      this.#checkPart(`${at}.info.earlier`, () =>
        unstackEarlier(this.#observationSpace, info?.earlier),
      );
      this.#checkPart(`${at}.info.demonstration`, () =>
        unstackDemonstration(this.#actionSpace, info?.demonstration),
      );
    }
  }

  #checkPart(at: string, read: () => unknown): void {
    try {
      read();
    } catch (cause) {
      const { message } = cause as BatchError;
      throw new WireError('BAD_MESSAGE', `${at}: ${message}`, { cause });
    }
  }
}

/** The part of an answer with observations. */
export type Shown = Pick<Extract<Answer, { t: 'began' }>, 'obs' | 'actionMask' | 'info'>;

function checkLength(at: string, { length }: { length: number }, k: number): void {
  if (length !== k) throw misfit(at, `${k} entries`, length);
}

function misfit(at: string, expected: unknown, got: unknown): WireError {
  return new WireError('BAD_MESSAGE', `${at}: expected ${expected}, got ${got}`);
}
