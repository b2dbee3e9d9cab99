import { randomUUID } from 'node:crypto';
import { after, type Timer } from '../common/timers.ts';
import type { EnvFactory, Reset, Step } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { failure, HostedEnv } from '../hosting/hosted-env.ts';
import type { Connection } from '../net/socket/connection.ts';
import { plain } from '../net/wire/plain.ts';
import { defaultFrameLimits } from '../net/wire/scan.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { flatMask } from '../spaces/flat-mask.ts';
import { valueAsJson } from '../spaces/value-as-json.ts';
import { OpenEnvError } from './open-env-errors.ts';
import {
  type ObservationFields,
  type OpenEnvRequest,
  openEnvRequest,
  readRequest,
} from './open-env-messages.ts';
import { parseJson } from './parse-json.ts';
import { rejectConnection } from './reject-connection.ts';
import { answerRpc } from './rpc.ts';

export interface OpenEnvSessionOptions {
  /** The longest time for an asynchronous reset or step, in ms. */
  timeoutMs: number;
  /** How long a session may go without a request, in ms. */
  idleMs: number;
  /** Called at each request that it performs. */
  asked(verb: 'reset' | 'step'): void;
  /** Called once, at its end. */
  ended(): void;
}

/** The most requests that may wait for their turn; OpenEnv's clients wait for each reply. */
const MOST_WAITING = 16;

/** A connection that speaks OpenEnv's protocol, with an environment of its own. */
export class OpenEnvSession {
  readonly #connection: Connection;
  readonly #options: OpenEnvSessionOptions;
  readonly #idle: Timer;
  #env: HostedEnv | undefined;
  #schema!: ReturnType<typeof openEnvRequest>;
  #observationSpace!: Space;
  #actionSpace!: Space;
  #episodeId: string | null = null;
  #steps = 0;
  readonly #made: Promise<void>;
  /** Settles once all requests so far are answered. */
  #turn: Promise<void>;
  #waiting = 0;
  #ended = false;

  constructor(connection: Connection, factory: EnvFactory, options: OpenEnvSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    const { idleMs } = options;
    this.#idle = after(idleMs, () => {
      void this.end(new WireError('IDLE', `session: no request for ${idleMs} ms`));
    });
    connection.trust();
    connection.onClose = () => void this.end();
    connection.onMessage = (frame) => this.#receive(frame as string);
    this.#made = this.#make(factory);
    this.#turn = this.#made.catch((error) => this.#fail(error));
  }

  /** Ends the session. @param error sent to the peer, if given */
  async end(error?: unknown): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#idle.stop();
    if (error !== undefined) this.#connection.fail(error);
    // An environment takes up a place until it is closed, even one that is still being made.
    await this.#made.catch(() => {});
    await this.#env?.close().catch(this.#connection.onFault);
    this.#options.ended();
  }

  async #make(factory: EnvFactory): Promise<void> {
    const { timeoutMs } = this.#options;
    try {
      const env = await factory();
      this.#env = new HostedEnv(env, factory, timeoutMs);
      this.#observationSpace = env.observationSpace;
      this.#actionSpace = env.actionSpace;
      this.#schema = openEnvRequest(env.actionSpace);
    } catch (cause) {
      const { message } = failure('could not be made', cause);
      throw new OpenEnvError('FACTORY_ERROR', message, { factory_name: factory.name }, { cause });
    }
  }

  /** Performs requests one after another, as OpenEnv's own server does. */
  #receive(frame: string): void {
    if (this.#waiting === MOST_WAITING) {
      throw new WireError('RATE_LIMITED', `more than ${MOST_WAITING} requests at once`);
    }
    this.#waiting++;
    this.#idle.refresh();
    this.#turn = this.#turn
      .then(() => (this.#ended ? undefined : this.#handle(frame)))
      .catch((error) => this.#fail(error))
      .finally(() => this.#waiting--);
  }

  async #handle(frame: string): Promise<void> {
    const message = parseJson(frame, defaultFrameLimits);
    const request = readRequest(this.#schema, message);
    if (request.type === 'close') {
      this.#connection.close();
      await this.end();
    } else this.#connection.send(await this.#answer(request));
  }

  async #answer(request: Exclude<OpenEnvRequest, { type: 'close' }>): Promise<object> {
    switch (request.type) {
      case 'reset': {
        const { seed, episode_id, options } = request.data;
        this.#options.asked('reset');
        const reset = await this.#env!.reset({ seed: seed ?? undefined, options });
        this.#episodeId = episode_id ?? randomUUID();
        this.#steps = 0;
        return this.#observed(reset);
      }
      case 'step': {
        this.#options.asked('step');
        const step = await this.#env!.step(request.data.action);
        this.#steps++;
        return this.#observed(step);
      }
      case 'state':
        return { type: 'state', data: { episode_id: this.#episodeId, step_count: this.#steps } };
      case 'mcp':
        return { type: 'mcp', data: answerRpc(request.data) };
    }
  }

  #observed(result: Reset | Step): object {
    const { obs, info, terminated = false, truncated = false, reward = null } = result as Step;
    const { actionMask, earlier, demonstration, ...others } = info ?? {};
    const over = terminated || truncated;
    const before = earlier?.map((one) => valueAsJson(this.#observationSpace, one));
    const shows = !over && demonstration !== undefined && demonstration !== null;
    const rest = {
      ...others,
      ...(before && { earlier: before }),
      ...(shows && { demonstration: valueAsJson(this.#actionSpace, demonstration) }),
    };
    const observation: ObservationFields = {
      obs: valueAsJson(this.#observationSpace, obs),
      truncated,
      action_mask:
        actionMask && !over
          ? (Array.from(flatMask(this.#actionSpace, actionMask)) as (0 | 1)[])
          : undefined,
      info: Object.keys(rest).length > 0 ? (plain(rest) as Record<string, unknown>) : undefined,
    };
    return { type: 'observation', data: { observation, reward, done: over } };
  }

  /** Sends an error, and ends the session where it is final. */
  #fail(cause: unknown): void {
    if (this.#ended) return;
    const error = cause instanceof WireError ? translated(cause) : cause;
    if (!(error instanceof OpenEnvError)) {
      void this.end(error);
      return;
    }
    if (!error.final) {
      this.#connection.send(error.frame);
      return;
    }
    rejectConnection(this.#connection, error, this.#waiting > 0);
    void this.end();
  }
}

/** The error of a request as one of OpenEnv's. */
function translated({ code, message }: WireError): OpenEnvError {
  return code === 'BAD_FRAME'
    ? new OpenEnvError('INVALID_JSON', `Invalid JSON: ${message}`)
    : new OpenEnvError('EXECUTION_ERROR', message);
}
