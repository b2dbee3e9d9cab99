import { setTimeout as wait } from 'node:timers/promises';
import { Rng } from '../../kernels/index.ts';
import { checkDurations } from '../common/timers.ts';
import type { Env, Info, Reset, ResetOptions, Step } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { DialError, type DialOptions } from '../net/socket/dial.ts';
import { defaultBackoff, fullJitter } from '../net/wire/backoff.ts';
import { timeLimit } from '../wrappers/time-limit.ts';
import { Conversation, type Question } from './conversation.ts';
import { OpenEnvError } from './open-env-errors.ts';
import type { Observed } from './open-env-messages.ts';

/** The fields of an action or an observation, as an OpenEnv server declares them at `/schema`. */
export type OpenEnvFields = Record<string, unknown>;

/** The address of an OpenEnv server, and the translation of its observations and actions. */
export interface OpenEnvOptions<Obs, Action> extends Pick<DialOptions, 'token'> {
  /** The server's URL, as OpenEnv's own clients take it: http(s):// or ws(s)://. */
  url: string;
  /** The set of the results of `decodeObs`. */
  observationSpace: Space<Obs>;
  /** The set of the arguments of `encodeAction`. */
  actionSpace: Space<Action>;
  /** Turns an action into the server's fields. */
  encodeAction(action: Action): OpenEnvFields;
  /** Turns the server's fields into an observation; arrays often come as a flat list beside a shape. */
  decodeObs(observation: OpenEnvFields): Obs;
  /** Reads what `Info` has from the server's fields: allowed actions, earlier observations, a demonstration, and so on. */
  decodeInfo?(observation: OpenEnvFields): Info;
  /** Environment steps after which an episode is truncated: OpenEnv itself knows only `done`. */
  maxEpisodeSteps: number;
  /** The longest time for a reset or a step, in ms; default 30,000. */
  timeoutMs?: number;
}

/** Shorter than a run's `env.timeoutMs`, so that a late answer loses the episode and is no failure. */
const TIMEOUT_MS = 30_000;

/** How long a reset looks for a free place on the server; shorter than a run's `env.timeoutMs`. */
const PATIENCE_MS = 40_000;

/**
 * An environment of an OpenEnv server (docs/openenv.md). `reset` connects if necessary, waits for a free place on the
 * server, and passes its `options` on. Methods reject with `EnvDisconnectedError` where the connection breaks or no
 * answer comes in time; the next `reset` connects again.
 *
 * ```ts
 * import { Box, Discrete, openEnv } from 'pondera';
 *
 * const env = openEnv({
 *   url: 'http://127.0.0.1:8000',
 *   observationSpace: new Box({ shape: [4], low: -Infinity, high: Infinity }),
 *   actionSpace: new Discrete(2),
 *   encodeAction: (action) => ({ move: action }),
 *   decodeObs: ({ state }) => Float32Array.from(state as number[]),
 *   maxEpisodeSteps: 500,
 * });
 * const { obs } = await env.reset({ seed: 1 });
 * console.log(obs);
 * ```
 *
 * @throws Error for a malformed URL or a wrong duration
 */
export function openEnv<Obs, Action>(options: OpenEnvOptions<Obs, Action>): Env<Obs, Action> {
  return timeLimit(new OpenEnv(options), { maxSteps: options.maxEpisodeSteps });
}

let made = 0;

class OpenEnv<Obs, Action> implements Env<Obs, Action> {
  readonly observationSpace: Space<Obs>;
  readonly actionSpace: Space<Action>;
  readonly #options: OpenEnvOptions<Obs, Action>;
  readonly #url: string;
  readonly #closing = new AbortController();
  /** A stream of its own, so that many waiting environments do not come back together. */
  readonly #rng = Rng.seed(made++, 'openEnv');
  #conversation: Conversation | undefined;

  constructor(options: OpenEnvOptions<Obs, Action>) {
    this.observationSpace = options.observationSpace;
    this.actionSpace = options.actionSpace;
    checkDurations({ timeoutMs: options.timeoutMs });
    this.#options = options;
    this.#url = socketUrl(options.url);
  }

  async reset({ seed, options }: ResetOptions = {}): Promise<Reset<Obs>> {
    const data = { ...(options as OpenEnvFields | undefined), seed };
    const { obs, info } = this.#read(await this.#askFirst({ type: 'reset', data }));
    return { obs, info };
  }

  async step(action: Action): Promise<Step<Obs>> {
    if (this.#conversation === undefined) throw new Error('openEnv: step() before reset()');
    const data = this.#options.encodeAction(action);
    return this.#read(await this.#ask(this.#conversation, { type: 'step', data }));
  }

  close(): void {
    this.#closing.abort(new Error('openEnv: closed'));
    this.#conversation?.close();
  }

  /** Sends a request on the open connection, or on a new one as soon as the server accepts it. */
  async #askFirst(question: Question): Promise<Observed> {
    const { signal } = this.#closing;
    const until = performance.now() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        if (!this.#conversation?.open) {
          const { token } = this.#options;
          this.#conversation = await Conversation.open(this.#url, { token });
          // It may have been closed while it was being opened.
          if (signal.aborted) this.close();
        }
        return await this.#ask(this.#conversation, question);
      } catch (error) {
        const left = until - performance.now();
        if (!passes(error) || left <= 0) throw error;
        const ms = fullJitter(attempt, defaultBackoff, this.#rng);
        await wait(Math.min(ms, left), undefined, { signal });
      }
    }
  }

  #ask(conversation: Conversation, question: Question): Promise<Observed> {
    return conversation.ask(question, this.#options.timeoutMs ?? TIMEOUT_MS);
  }

  #read({ observation, reward, done }: Observed): Step<Obs> {
    const { decodeObs, decodeInfo } = this.#options;
    // EnvServer adds `truncated`, which OpenEnv itself does not know.
    const truncated = Boolean(done) && observation.truncated === true;
    return {
      obs: decodeObs(observation),
      reward,
      terminated: Boolean(done) && !truncated,
      truncated,
      info: decodeInfo?.(observation) ?? {},
    };
  }
}

/** Whether a later attempt may succeed. */
function passes(error: unknown): boolean {
  if (error instanceof DialError) return error.retryable;
  return error instanceof OpenEnvError && error.code === 'CAPACITY_REACHED';
}

/** @throws Error for another scheme */
function socketUrl(url: string): string {
  if (!/^(http|ws)s?:\/\/[^/]/.test(url)) {
    throw new Error(`openEnv: url: expected http(s):// or ws(s)://, got ${JSON.stringify(url)}`);
  }
  const base = url.replace(/^http/, 'ws').replace(/\/+$/, '');
  return base.endsWith('/ws') ? base : `${base}/ws`;
}
