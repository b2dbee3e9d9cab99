import {
  after,
  anything,
  type Checks,
  checkOptions,
  integer,
  text,
} from '../../envs/common/index.ts';
import {
  type ActionMask,
  flatMask,
  maskSize,
  type Space,
  spaceFromJson,
} from '../../envs/index.ts';
import type { Connection } from '../../envs/net/index.ts';
import {
  type Backoff,
  type Closed,
  type Codec,
  DialError,
  type DialOptions,
  defaultBackoff,
  dial,
  explainSize,
  fullJitter,
  isPassing,
  msgpackCodec,
  ndarray,
  type PolicyDescription,
  readMessage,
  sayHello,
  sizeOf,
  stack,
  stackEarlier,
  type Ticket,
  unstack,
  WIRE_VERSION,
  WireError,
} from '../../envs/net/index.ts';
import { explainEarlier } from '../../envs/spaces/index.ts';
import { Rng } from '../../kernels/index.ts';
import {
  type Acted,
  type AskAllOptions,
  type AskOneOptions,
  type AskTokensOptions,
  askChecks,
  askTokensChecks,
  type ServedToken,
} from './ask-options.ts';
import { type Awaited, ClientGeneration, strange } from './client-generation.ts';
import { ClientSession, type Place } from './client-session.ts';
import { type Answer, type PolicyReply, policyReply } from './policy-messages.ts';

/** How a client connects to a policy server, and how often it tries again. */
export interface PolicyClientOptions extends Pick<DialOptions, 'token'> {
  /** The encoding of messages; default: MessagePack. */
  codec?: Codec;
  /** The client's name in the server's log; default `pondera`. */
  name?: string;
  /** Waits between attempts to connect again. */
  backoff?: Backoff;
  /** Attempts to connect again without an answer, after which every open request fails; default 10. */
  attempts?: number;
}

const clientChecks: Checks<PolicyClientOptions> = {
  token: text,
  codec: anything,
  name: text,
  backoff: anything,
  attempts: integer(0),
};

/** A request without its last answer yet. */
interface Asked {
  message: object;
  awaited: Awaited;
}

/**
 * A client of a policy server (`servePolicy`): it sends observations and receives actions.
 *
 * If the connection breaks, the client connects again and repeats the open requests, so callers notice only the wait.
 *
 * ```ts
 * import { PolicyClient } from 'pondera';
 *
 * const client = await PolicyClient.connect('ws://127.0.0.1:7777/v1/policy');
 * const { action } = await client.act(Float32Array.of(0, 0, 0.1, 0), { deadlineMs: 10 });
 * const several = await client.actBatch([Float32Array.of(0, 0, 0, 0), Float32Array.of(0, 0, 0.2, 0)]);
 * console.log(action, several.map((acted) => acted.ponderSteps));
 * client.close();
 * ```
 */
export class PolicyClient {
  /** The space of the observations that `act` takes. */
  readonly observationSpace: Space;
  /** The space of the actions that `act` gives. */
  readonly actionSpace: Space;
  /** The server's description of its policy. */
  readonly policy: PolicyDescription;
  /** Environment steps of training behind the weights of the latest answer. */
  version: number;
  readonly #url: string;
  readonly #options: PolicyClientOptions;
  readonly #rng: Rng;
  readonly #asked = new Map<number, Asked>();
  #connection: Connection | undefined;
  /** The most bytes of a frame that the server accepts. */
  #takes = 0;
  #nextId = 0;
  /** Attempts to connect again since the last answer; their limit ends a request that breaks every connection. */
  #attempt = 0;
  /** What resumes the session on another connection, where the policy has a memory. */
  #ticket: Ticket | undefined;
  #nextHistory = 0;
  /** Why the client accepts no more requests. */
  #over: Error | undefined;

  private constructor(url: string, options: PolicyClientOptions, begun: Begun) {
    const { policy, connection, ticket } = begun;
    this.#url = url;
    this.#options = options;
    this.policy = policy;
    this.version = policy.version;
    this.observationSpace = spaceFromJson(policy.observationSpace);
    this.actionSpace = spaceFromJson(policy.actionSpace);
    // The server draws the session's name, so that no two clients have the same waits.
    this.#rng = Rng.seed(0, 'policy-client', ticket.session);
    this.#attach(connection, ticket);
  }

  /**
   * Connects to a policy server.
   * @param url such as `ws://127.0.0.1:7777/v1/policy`; `PolicyServer.url` is one
   * @throws RangeError for an unknown option, DialError where no server answers, WireError where it refuses
   */
  static async connect(url: string, options: PolicyClientOptions = {}): Promise<PolicyClient> {
    checkOptions('PolicyClient.connect', options, clientChecks);
    return new PolicyClient(url, options, await begin(url, options));
  }

  /**
   * An episode, for a policy with a memory: the server keeps what was seen and done in it. Of a policy without one, its `act` is
   * that of the client. A client may have any number.
   *
   * ```ts
   * import { makeEnv, PolicyClient } from 'pondera';
   *
   * const client = await PolicyClient.connect('ws://127.0.0.1:7777/v1/policy');
   * const session = client.session();
   * const env = makeEnv('CartPole-v1');
   * let { obs } = await env.reset({ seed: 1 });
   * let reward = 0;
   * for (let over = false; !over; ) {
   *   const { action } = await session.act(obs, { reward });
   *   const step = await env.step(action);
   *   [obs, reward] = [step.obs, step.reward];
   *   over = step.terminated || step.truncated;
   * }
   * session.reset(); // before another episode
   * ```
   */
  session(): ClientSession {
    const history = this.policy.memory && this.#nextHistory++;
    const asker = {
      prepared: (obs: unknown, options: AskOneOptions) => {
        const send = this.#prepared([obs], ofOne(options));
        return async (place?: Place) => (await send(place))[0];
      },
      forget: (of: number) => this.#connection?.send({ t: 'forget', histories: [of] }),
    };
    return new ClientSession(asker, history);
  }

  /**
   * Asks for the action of one observation; for a policy with a memory, an episode begins with it.
   * @param obs a value of the observation space
   * @throws RangeError for an observation outside the space, WireError with the server's code, or `TOO_LARGE`
   */
  async act(obs: unknown, options: AskOneOptions = {}): Promise<Acted> {
    return (await this.#ask([obs], ofOne(options)))[0];
  }

  /**
   * Asks for the actions of several observations; the same weights answer them all.
   * @param obs values of the observation space
   * @throws RangeError and WireError as `act` does
   */
  actBatch(obs: readonly unknown[], options: AskAllOptions = {}): Promise<Acted[]> {
    return this.#ask(obs, options);
  }

  /**
   * Generates tokens after a prompt, as `Agent.generate` does. To leave the iteration ends it. If the connection breaks before the
   * first token, the next one asks again; after that, the iteration throws.
   *
   * ```ts
   * import { PolicyClient } from 'pondera';
   *
   * const client = await PolicyClient.connect('ws://127.0.0.1:8766/v1/policy');
   * for await (const { text, ponderSteps } of client.generate('Once upon', { maxTokens: 200, temperature: 0.8 })) {
   *   console.log(JSON.stringify(text), ponderSteps);
   * }
   * client.close();
   * ```
   *
   * @param prompt a text of the run's tokens, or a list of them
   * @throws RangeError for an unknown option, WireError with the server's code: `REFUSED` for a prompt that does not fit or a policy that
   *   generates no tokens, `OVERLOADED`; Error, which says after how many tokens, where the connection breaks
   */
  async *generate(
    prompt: string | readonly number[],
    options: AskTokensOptions = {},
  ): AsyncGenerator<ServedToken, void, undefined> {
    checkOptions('PolicyClient.generate', options, askTokensChecks);
    const generation = new ClientGeneration();
    const id = this.#request('generate', { prompt, ...options }, generation);
    try {
      yield* generation.tokens();
    } finally {
      generation.leave();
      this.#cancel(id);
    }
  }

  /** Ends the connection; open requests fail. */
  close(): void {
    this.#connection?.send({ t: 'close' });
    this.#end(new Error('PolicyClient: closed'));
  }

  #ask(obs: readonly unknown[], options: AskAllOptions): Promise<Acted[]> {
    return new Promise((resolve) => resolve(this.#prepared(obs, options)()));
  }

  /**
   * A request about observations as they are now.
   * @returns a function that sends it, with the place of its observation in an episode
   * @throws as `act`
   */
  #prepared(
    obs: readonly unknown[],
    { masks, earlier, ...options }: AskAllOptions,
  ): (place?: Place) => Promise<Acted[]> {
    if (this.#over) throw this.#over;
    checkOptions('PolicyClient.act', options, askChecks);
    for (const one of obs) {
      const problem = this.observationSpace.explain(one);
      if (problem !== undefined) throw new RangeError(`PolicyClient.act: obs: ${problem}`);
    }
    const { maxSteps, deadlineMs, deterministic, seed, trace } = options;
    const fields = {
      obs: stack(this.observationSpace, obs),
      actionMask: this.#masksOf(masks),
      earlier: this.#earlierOf(earlier),
      ...{ maxSteps, deadlineMs, deterministic, seed, trace },
    };
    return (place) => this.#send(fields, obs.length, place);
  }

  #send(fields: object, count: number, place?: Place): Promise<Acted[]> {
    return new Promise((resolve, reject) => {
      const memory = place && {
        ...{ history: [place.history], step: [place.step], reward: [place.reward] },
      };
      const take = (answer: Answer) => {
        resolve(this.#acted(answer, count));
        return true;
      };
      this.#request('act', { ...fields, memory }, { take, reject, repeatable: true });
    });
  }

  /** Sends a request, as soon as there is a connection. @returns its id */
  #request(t: 'act' | 'generate', fields: object, awaited: Awaited): number {
    if (this.#over) throw this.#over;
    const id = this.#nextId++;
    const message = { t, id, ...fields };
    const large = explainSize(sizeOf(message), this.#takes);
    if (large !== undefined) throw new WireError('TOO_LARGE', `PolicyClient.${t}: ${large}`);
    this.#asked.set(id, { message, awaited });
    this.#connection?.send(message);
    return id;
  }

  /** Ends a generation. Its last token, which is under way, is not taken any more. */
  #cancel(id: number): void {
    if (!this.#asked.has(id)) return;
    if (this.#connection) this.#connection.send({ t: 'cancel', id });
    else this.#asked.delete(id);
  }

  #acted(answer: Answer, count: number): Acted[] {
    if (answer.t !== 'acted') throw strange(answer, 'acted');
    const { actions, steps, cut, policyVersion, thoughts } = answer;
    return unstack(this.actionSpace, actions, count).map((action, i) => ({
      action,
      ponderSteps: steps[i],
      cut: cut[i] === 1,
      policyVersion,
      thought: thoughts?.[i],
    }));
  }

  #masksOf(masks: readonly ActionMask[] | undefined): object | undefined {
    const rows = masks?.flatMap((mask) => Array.from(flatMask(this.actionSpace, mask, 'mask')));
    const shape = [masks?.length ?? 0, maskSize(this.actionSpace)];
    return rows && ndarray(Uint8Array.from(rows), shape);
  }

  #earlierOf(lists: AskAllOptions['earlier']): object | undefined {
    const batches = lists?.map((earlier) => {
      const problem = explainEarlier(this.observationSpace, earlier, 'earlier');
      if (problem !== undefined) throw new RangeError(`PolicyClient.act: ${problem}`);
      return stackEarlier(this.observationSpace, { earlier }) ?? null;
    });
    return batches?.some((batch) => batch) ? batches : undefined;
  }

  #attach(connection: Connection, ticket: Ticket): void {
    this.#connection = connection;
    this.#ticket = this.policy.memory && ticket;
    this.#takes = connection.peerTakes;
    connection.onMessage = (message) => {
      try {
        this.#receive(readMessage(policyReply, message));
      } catch (error) {
        this.#end(error as Error);
        throw error;
      }
    };
    if (this.#asked.size === 0) this.#attempt = 0;
    for (const { message } of this.#asked.values()) connection.send(message);
    connection.onClose = (closed) => {
      this.#connection = undefined;
      if (this.#over) return;
      const error = closed.fault ?? closedError(closed);
      if (isPassing(closed) || closed.code === INTERNAL) {
        for (const [id, { awaited }] of this.#asked) if (!awaited.repeatable) this.#fail(id, error);
        void this.#reconnect();
      } else this.#end(error);
    };
  }

  #receive(reply: PolicyReply): void {
    // Its message is also the reason of the closing frame that follows.
    if (reply.t === 'error') return;
    this.#attempt = 0;
    const asked = this.#asked.get(reply.id);
    if (asked === undefined) {
      throw new WireError(
        'BAD_MESSAGE',
        `${reply.t}.id: expected the id of a pending request, got ${reply.id}`,
      );
    }
    if (reply.t === 'failed') {
      // The client repeats the request on its next connection.
      if (reply.code === 'SHUTTING_DOWN' && asked.awaited.repeatable) return;
      this.#fail(reply.id, new WireError(reply.code, reply.message));
      return;
    }
    if (asked.awaited.take(reply)) this.#asked.delete(reply.id);
    this.version = reply.policyVersion;
  }

  #fail(id: number, error: Error): void {
    this.#asked.get(id)?.awaited.reject(error);
    this.#asked.delete(id);
  }

  async #reconnect(): Promise<void> {
    const { attempts = 10, backoff = defaultBackoff } = this.#options;
    let last: unknown = new Error('PolicyClient: no question was answered');
    while (this.#over === undefined) {
      if (this.#attempt >= attempts) {
        this.#end(last as Error);
        return;
      }
      const wait = fullJitter(this.#attempt++, backoff, this.#rng);
      await new Promise<void>((resolve) => after(wait, resolve));
      try {
        const { connection, policy, ticket } = await begin(this.#url, this.#options, this.#ticket);
        if (this.#over) {
          connection.close();
          return;
        }
        this.#checkSame(policy);
        this.#attach(connection, ticket);
        return;
      } catch (error) {
        if (!isRetryable(error)) this.#end(error as Error);
        last = error;
      }
    }
  }

  #checkSame(policy: PolicyDescription): void {
    for (const space of ['observationSpace', 'actionSpace'] as const) {
      const [before, now] = [this.policy[space], policy[space]].map((json) => JSON.stringify(json));
      if (before === now) continue;
      throw new WireError('SPACE_MISMATCH', `policy.${space}: expected ${before}, got ${now}`);
    }
  }

  #end(error: Error): void {
    if (this.#over) return;
    this.#over = error;
    this.#connection?.close();
    for (const id of this.#asked.keys()) this.#fail(id, error);
  }
}

/** What a request about one observation says, as one about several does. */
function ofOne({ mask, earlier, ...rest }: AskOneOptions): AskAllOptions {
  return { ...rest, masks: mask && [mask], earlier: earlier && [earlier] };
}

interface Begun {
  connection: Connection;
  policy: PolicyDescription;
  ticket: Ticket;
}

/** @param resume the ticket of a session to go on with, if the server still has it */
async function begin(url: string, options: PolicyClientOptions, resume?: Ticket): Promise<Begun> {
  const { codec = msgpackCodec(), name = 'pondera', token } = options;
  const connection = await dial(url, codec, { token });
  const hello = {
    t: 'hello',
    v: WIRE_VERSION,
    role: 'policy-client',
    client: name,
    resume,
  } as const;
  const { policy, session, token: own } = await sayHello(connection, hello);
  if (policy === undefined) {
    connection.close();
    throw new WireError(
      'BAD_MESSAGE',
      'welcome.policy: expected a policy description, got none; is this a policy server?',
    );
  }
  return { connection, policy, ticket: { session, token: own } };
}

/** The close code of a server with a fault; another connection may succeed. */
const INTERNAL = 1011;

function isRetryable(error: unknown): boolean {
  if (error instanceof DialError) return error.retryable;
  if (!(error instanceof WireError)) return false;
  return (
    error.closeCode === INTERNAL || isPassing({ code: error.closeCode, reason: error.message })
  );
}

function closedError({ code, reason }: Closed): Error {
  return new Error(
    `PolicyClient: the server closed the connection with code ${code}${reason && `: ${reason}`}`,
  );
}
