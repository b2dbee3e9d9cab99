import { setTimeout as rest } from 'node:timers/promises';
import { z } from 'zod';
import { Rng } from '../../kernels/index.ts';
import { untilAborted } from '../common/heed.ts';
import {
  type Checks,
  callback,
  checkOptions,
  duration,
  integer,
  signalCheck,
  text,
} from '../common/options.ts';
import type { EnvFactory } from '../contract/env.ts';
import { explainClosed } from '../net/socket/closed.ts';
import type { Connection } from '../net/socket/connection.ts';
import { DialError, dial } from '../net/socket/dial.ts';
import { sayHello } from '../net/socket/handshake.ts';
import { defaultBackoff, fullJitter } from '../net/wire/backoff.ts';
import { msgpackCodec } from '../net/wire/codec.ts';
import {
  envRequest,
  error,
  readMessage,
  type Welcome,
  WIRE_VERSION,
} from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { EnvHost } from './env-host.ts';

/** The environments that `dialTrainer` offers. */
export interface DialTrainerOptions {
  /** The name of the environments. */
  id: string;
  /** The trainer's token, where it wants one. */
  token?: string;
  /** Number of environments to offer; default 1. */
  count?: number;
  /** The longest time for an asynchronous reset or step, in ms; default 60,000. */
  timeoutMs?: number;
  /** Seeds the waits between attempts to connect; default 0. */
  seed?: number;
  /** Abort it to close the environments and end. */
  signal?: AbortSignal;
  /** Receives the events of the connection. */
  on?: (event: DialEvent) => void;
}

const dialChecks: Checks<DialTrainerOptions> = {
  id: text,
  token: text,
  count: integer(1),
  timeoutMs: duration,
  seed: integer(0),
  signal: signalCheck,
  on: callback,
};

/** An event of the connection of `dialTrainer`; `waitMs` is the time to the next attempt. */
export type DialEvent =
  | { type: 'connected'; resumed: boolean }
  | { type: 'disconnected'; reason: string; waitMs: number };

/** Codes after which another attempt would fail too. */
const HOPELESS = new Set(['VERSION', 'SPACE_MISMATCH', 'BAD_MESSAGE', 'UNAUTHENTICATED']);

/**
 * Offers environments to a trainer that listens for them (the config's `env.listen`), until the signal is aborted. After
 * a broken connection it resumes the session; a trainer that has started again gets a new session.
 *
 * ```ts
 * import { dialTrainer, makeEnv } from 'pondera';
 *
 * const stop = new AbortController();
 * process.once('SIGINT', () => stop.abort());
 * await dialTrainer('ws://127.0.0.1:9000/v1/trainer', () => makeEnv('CartPole-v1'), {
 *   id: 'CartPole-v1',
 *   count: 8,
 *   signal: stop.signal,
 * });
 * ```
 *
 * @param url of the trainer, as its event `listening` names it
 * @param factory makes one environment
 * @returns a promise that resolves once the signal is aborted
 * @throws RangeError for an unknown option, WireError where no environment can be made or the trainer's spaces differ,
 *   DialError where the trainer refuses
 */
export async function dialTrainer(
  url: string,
  factory: EnvFactory,
  options: DialTrainerOptions,
): Promise<void> {
  checkOptions('dialTrainer', options, dialChecks);
  const { id, token, count = 1, timeoutMs = 60_000, seed = 0, signal, on = () => {} } = options;
  const rng = Rng.seed(seed, 'dial');
  const make = () => {
    const made = EnvHost.create(factory, count, { id, timeoutMs });
    return untilAborted(signal, made, (late) => void late.close());
  };
  let host: EnvHost | undefined;
  let last: Welcome | undefined;
  let attempt = 0;
  try {
    // Before the connection, since a trainer waits for a hello only some seconds.
    host = await make();
    while (!signal?.aborted) {
      let reason: string;
      try {
        // Environments number the requests of their session, so another session needs others.
        host ??= await make();
        const connection = await dial(url, msgpackCodec(), { token, signal });
        const leave = () => connection.close();
        signal?.addEventListener('abort', leave, { once: true });
        try {
          last = await sayHello(connection, {
            t: 'hello',
            v: WIRE_VERSION,
            role: 'env',
            client: 'pondera',
            numEnvs: count,
            env: host.description,
            resume: last && { session: last.session, token: last.token },
          });
          attempt = 0;
          on({ type: 'connected', resumed: last.resumed });
          reason = await converse(connection, host);
        } finally {
          signal?.removeEventListener('abort', leave);
        }
      } catch (error) {
        const { code } = error as { code?: string };
        const gone = code === 'SESSION_EXPIRED';
        const refused = error instanceof DialError && !error.retryable;
        if (!gone && (refused || HOPELESS.has(code ?? ''))) throw error;
        if (gone) {
          await host?.close();
          host = last = undefined;
          continue;
        }
        reason = (error as Error).message;
      }
      if (signal?.aborted) break;
      const waitMs = fullJitter(attempt++, defaultBackoff, rng);
      on({ type: 'disconnected', reason, waitMs });
      // The loop ends where it was aborted.
      await rest(waitMs, undefined, { signal }).catch(() => {});
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    await host?.close();
  }
}

/** A trainer's messages after its welcome. */
const asked = z.discriminatedUnion('t', [...envRequest.options, error]);

/** Performs requests until the connection ends. @returns the reason of the end */
function converse(connection: Connection, host: EnvHost): Promise<string> {
  return new Promise((resolve) => {
    host.takes = connection.peerTakes;
    host.onReply = (...replies) => connection.send(...replies);
    connection.onMessage = (message) => {
      const request = readMessage(asked, message);
      if (request.t === 'error') throw new WireError('BAD_MESSAGE', request.message);
      if (request.t === 'close') connection.close();
      else host.handle(request);
    };
    connection.onClose = (closed) => {
      host.onReply = () => {};
      resolve(explainClosed(closed));
    };
  });
}
