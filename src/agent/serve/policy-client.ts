import {
  after,
  anything,
  atLeast,
  type Checks,
  checkOptions,
  flag,
  integer,
  text,
} from '../../envs/common/index.ts';
import type { ActionMask, Space } from '../../envs/index.ts';
import { spaceFromJson } from '../../envs/index.ts';
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
  unstack,
  WIRE_VERSION,
  WireError,
} from '../../envs/net/index.ts';
import { Rng } from '../../kernels/index.ts';
import { type PolicyReply, policyReply } from './policy-messages.ts';

export interface PolicyClientOptions extends Pick<DialOptions, 'token'> {
  /** How messages travel; MessagePack unless given. */
  codec?: Codec;
  /** What the server's log calls this client. */
  name?: string;
  /** Waits between attempts to connect again. */
  backoff?: Backoff;
  /** Attempts to connect again, without an answer, before everything asked fails; 10 unless given. */
  attempts?: number;
}

const clientChecks: Checks<PolicyClientOptions> = {
  token: text,
  codec: anything,
  name: text,
  backoff: anything,
  attempts: integer(0),
};

/** Limits on thoughts, and what to tell of them. */
export interface AskOptions {
  /** Ponder steps at most. */
  maxSteps?: number;
  /** Time for the thought from its arrival, in ms; the latest finished step acts. */
  deadlineMs?: number;
  /** Whether to take the most likely action, or to draw one; as the server is set unless given. */
  deterministic?: boolean;
  /** What is drawn, exit and action, follows from it; another each time unless given. */
  seed?: number;
  /** Whether to tell what each step thought. */
  trace?: boolean;
}

const askChecks: Checks<AskOptions> = {
  maxSteps: integer(1),
  deadlineMs: atLeast(0),
  deterministic: flag,
  seed: integer(0),
  trace: flag,
};

/** An action with what is known of the thought behind it. */
export interface Acted {
  // biome-ignore lint/suspicious/noExplicitAny: its type is the action space's, known at run time
  action: any;
  /** Ponder steps it took. */
  steps: number;
  /** Whether a limit ended it rather than the halting rule. */
  cut: boolean;
  /** Environment steps that the policy had been trained for. */
  policyVersion: number;
  /** What each step thought, where that was asked for. */
  thought?: { halts: number[]; values: number[]; actions: number[][] };
}

/** What was asked and is not answered yet. */
interface Asked {
  message: object;
  count: number;
  resolve: (acted: Acted[]) => void;
  reject: (error: Error) => void;
}

/**
 * Asks a policy server for actions. When the connection breaks it dials again and repeats what was not
 * answered; nobody who asked notices but by the wait.
 */
export class PolicyClient {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly policy: PolicyDescription;
  /** Environment steps that the policy had been trained for by its latest answer. */
  version: number;
  readonly #url: string;
  readonly #options: PolicyClientOptions;
  readonly #rng: Rng;
  readonly #asked = new Map<number, Asked>();
  #connection: Connection | undefined;
  /** Bytes of a frame that the server takes. */
  #takes = 0;
  #nextId = 0;
  /** Attempts to connect again since the last answer: a question that breaks every connection is given up. */
  #attempt = 0;
  /** Why nothing can be asked any more. */
  #over: Error | undefined;

  private constructor(url: string, options: PolicyClientOptions, begun: Begun) {
    const { policy, connection, session } = begun;
    this.#url = url;
    this.#options = options;
    this.policy = policy;
    this.version = policy.version;
    this.observationSpace = spaceFromJson(policy.observationSpace);
    this.actionSpace = spaceFromJson(policy.actionSpace);
    // Named by the server at random, so that no two clients wait alike.
    this.#rng = Rng.seed(0, 'policy-client', session);
    this.#attach(connection);
  }

  /** @throws RangeError for options that are none, DialError or WireError where the server does not answer, or refuses */
  static async connect(url: string, options: PolicyClientOptions = {}): Promise<PolicyClient> {
    checkOptions('PolicyClient.connect', options, clientChecks);
    return new PolicyClient(url, options, await begin(url, options));
  }

  /**
   * @param mask which actions may be taken (1 = allowed)
   * @throws RangeError for an observation outside the space; WireError with the server's code, or TOO_LARGE
   */
  async act(obs: unknown, options: AskOptions & { mask?: ActionMask } = {}): Promise<Acted> {
    const { mask, ...rest } = options;
    return (await this.actBatch([obs], { ...rest, masks: mask && [mask] }))[0];
  }

  /**
   * Actions for several observations, by the same weights.
   * @param masks one for each observation
   * @throws as `act`
   */
  actBatch(
    obs: readonly unknown[],
    options: AskOptions & { masks?: readonly ActionMask[] } = {},
  ): Promise<Acted[]> {
    const { masks, ...rest } = options;
    const rows = masks?.flatMap((mask) => Array.from(mask));
    const width = masks && [masks.length, masks[0].length];
    return this.#ask(obs, rows && ndarray(Uint8Array.from(rows), width), rest);
  }

  /** Ends the connection; what is not answered fails. */
  close(): void {
    this.#connection?.send({ t: 'close' });
    this.#end(new Error('PolicyClient: closed'));
  }

  #ask(obs: readonly unknown[], actionMask: object | undefined, options: AskOptions) {
    return new Promise<Acted[]>((resolve, reject) => {
      if (this.#over) throw this.#over;
      checkOptions('PolicyClient.act', options, askChecks);
      for (const one of obs) {
        const problem = this.observationSpace.explain(one);
        if (problem !== undefined) throw new RangeError(`PolicyClient.act: obs: ${problem}`);
      }
      const id = this.#nextId++;
      const { maxSteps, deadlineMs, deterministic, seed, trace } = options;
      const limits = { maxSteps, deadlineMs, deterministic, seed, trace };
      const message = {
        t: 'act',
        id,
        obs: stack(this.observationSpace, obs),
        actionMask,
        ...limits,
      };
      const large = explainSize(sizeOf(message), this.#takes);
      if (large !== undefined) throw new WireError('TOO_LARGE', `PolicyClient.act: ${large}`);
      this.#asked.set(id, { message, count: obs.length, resolve, reject });
      this.#connection?.send(message);
    });
  }

  #attach(connection: Connection): void {
    this.#connection = connection;
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
      if (isPassing(closed) || closed.code === INTERNAL) void this.#reconnect();
      else this.#end(closed.fault ?? closedError(closed));
    };
  }

  #receive(reply: PolicyReply): void {
    // What it says is the reason of the closing frame that follows.
    if (reply.t === 'error') return;
    this.#attempt = 0;
    const asked = this.#asked.get(reply.id);
    if (asked === undefined) {
      throw new WireError('BAD_MESSAGE', `${reply.t}.id: nothing is asked as ${reply.id}`);
    }
    if (reply.t === 'failed') {
      // Asked again of whoever comes to be there next.
      if (reply.code === 'SHUTTING_DOWN') return;
      this.#asked.delete(reply.id);
      asked.reject(new WireError(reply.code, reply.message));
      return;
    }
    const { actions, steps, cut, policyVersion, thoughts } = reply;
    const values = unstack(this.actionSpace, actions, asked.count);
    this.#asked.delete(reply.id);
    this.version = policyVersion;
    asked.resolve(
      values.map((action, i) => ({
        action,
        steps: steps[i],
        cut: cut[i] === 1,
        policyVersion,
        thought: thoughts?.[i],
      })),
    );
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
        const { connection, policy } = await begin(this.#url, this.#options);
        if (this.#over) {
          connection.close();
          return;
        }
        this.#checkSame(policy);
        this.#attach(connection);
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
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}

interface Begun {
  connection: Connection;
  policy: PolicyDescription;
  session: string;
}

async function begin(url: string, options: PolicyClientOptions): Promise<Begun> {
  const { codec = msgpackCodec(), name = 'pondera', token } = options;
  const connection = await dial(url, codec, { token });
  const hello = { t: 'hello', v: WIRE_VERSION, role: 'policy-client', client: name } as const;
  const { policy, session } = await sayHello(connection, hello);
  if (policy === undefined) {
    connection.close();
    throw new WireError('BAD_MESSAGE', 'welcome.policy: expected one; is this a policy server?');
  }
  return { connection, policy, session };
}

/** The closing code of a server that is at fault, which a question may survive elsewhere. */
const INTERNAL = 1011;

function isRetryable(error: unknown): boolean {
  if (error instanceof DialError) return error.retryable;
  if (!(error instanceof WireError)) return false;
  return (
    error.closeCode === INTERNAL || isPassing({ code: error.closeCode, reason: error.message })
  );
}

function closedError({ code, reason }: Closed): Error {
  return new Error(`PolicyClient: the server closed with ${code}${reason && `: ${reason}`}`);
}
