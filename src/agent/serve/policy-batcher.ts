import type { Row } from '../../envs/index.ts';
import { asWireError, type PolicyDescription, WireError } from '../../envs/net/index.ts';
import type { Rng } from '../../kernels/index.ts';
import { EntryTables, firstMoment, type Past } from '../../policy/index.ts';
import type { Decider, Decision, DecisionRequest } from '../../rollout/index.ts';
import { type ActOptions, type DeciderOptions, drawnFrom } from '../agent/act-options.ts';
import type { Agent } from '../agent/agent.ts';
import type { AgentMemory, Recalled } from '../agent/agent-memory.ts';
import type { Checkpoint } from '../run/index.ts';
import type { PostedAct } from './policy-messages.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import {
  type ActRequest,
  type Asked,
  type Observed,
  observed,
  observedOne,
  recalledOf,
} from './policy-request.ts';

/** Gives the past of an observation by its row and those before it; again where the thought begins again. */
export type See = (row: Row, earlier?: readonly Row[]) => Past;

/**
 * Begins or continues the episodes of a request's observations, of which there are `count`.
 * @throws WireError REFUSED where they do not follow what came before
 */
export type Begin = (count: number) => See[];

/** A request without an answer yet. */
interface Request extends Observed {
  /** For each observation of an episode that goes on [k]; undefined where each begins one. */
  see: readonly See[] | undefined;
  limits: DecisionRequest['limits'];
  greedy: boolean | undefined;
  tempering?: DecisionRequest['tempering'];
  /** Gives the source of the draws for observation k; default: the decider's. */
  rngOf: ((k: number) => Rng | undefined) | undefined;
  trace?: boolean;
  /** The decisions, in the order of the observations [k]. */
  decisions: Decision[];
  left: number;
  resolve: (decisions: Decision[]) => void;
  reject: (error: Error) => void;
}

/** A request that has not been asked yet. */
type Asking = Omit<Request, 'decisions' | 'left' | 'resolve' | 'reject'>;

/** An observation of a request; `env` is its index there. */
interface BatchedObservation extends DecisionRequest {
  request: Request;
}

export interface PolicyBatcherOptions
  extends Pick<DeciderOptions<BatchedObservation>, 'exit' | 'maxSteps' | 'deterministic'> {
  /** Observations that share a batch. */
  maxBatch: number;
  /** Observations that may wait beside the batch. */
  queue: number;
  metrics: PolicyMetrics;
  onFault: (error: unknown) => void;
}

/**
 * Answers the requests of all clients with one policy. Each turn of the event loop takes a ponder step for all present
 * observations; those that arrive meanwhile join the next one. So batches grow with the load, and no request waits for a
 * batch to fill.
 */
export class PolicyBatcher {
  readonly agent: Agent;
  readonly #decider: Decider<BatchedObservation>;
  /** Keys and values of what clients' episodes remember, where the policy has a memory. */
  readonly #tables: EntryTables | undefined;
  readonly #options: PolicyBatcherOptions;
  readonly #requests = new Set<Request>();
  #turning = false;
  #drained: (() => void) | undefined;

  constructor(agent: Agent, options: PolicyBatcherOptions) {
    this.agent = agent;
    this.#options = options;
    const { exit, maxSteps, deterministic } = options;
    const failed = (asked: BatchedObservation, cause: Error) => this.#refuse(asked, cause);
    const { entries } = agent.policy;
    this.#tables = entries && new EntryTables(entries);
    const thinking = { exit, maxSteps, deterministic, failed };
    this.#decider = agent.decider(options.maxBatch, thinking, this.#tables);
  }

  describe(): PolicyDescription {
    const { config, observationSpace, actionSpace, version } = this.agent;
    const { minSteps, maxSteps } = config.halting;
    const { length } = config.memory;
    return {
      name: config.name,
      version,
      observationSpace: observationSpace.toJSON(),
      actionSpace: actionSpace.toJSON(),
      minSteps,
      maxSteps: this.#options.maxSteps ?? maxSteps,
      ...(length > 0 && { memory: { length } }),
    };
  }

  /** Observations without a decision yet. */
  get pending(): number {
    return this.#decider.pending;
  }

  /** Whether it accepts no more requests. */
  get closing(): boolean {
    return this.#drained !== undefined;
  }

  /** The mean share of the batch in use since the last call, in [0, 1]. */
  takeOccupancy(): number {
    return this.#decider.takeOccupancy();
  }

  /**
   * Decides on all observations of a request, with the same weights.
   * @param begin gives the episodes of the observations, once these have been read; without it, each begins one
   * @returns a decision for each observation [k]
   * @throws WireError REFUSED, OVERLOADED, SHUTTING_DOWN or INTERNAL
   */
  think(question: ActRequest, begin?: Begin): Promise<Decision[]> {
    return this.#think(question, (most) => observed(this.agent, question, most), begin);
  }

  /**
   * Decides on the one observation of a POST.
   * @returns the decision, and what its client remembers of the episode, where the policy has a memory
   * @throws WireError as `think` does
   */
  async thinkOne(question: PostedAct): Promise<{ decision: Decision; memory?: AgentMemory }> {
    let recalled: Recalled | undefined;
    const begin = () => {
      recalled = recalledOf(this.agent, question);
      return recalled && [recalled.past];
    };
    const [decision] = await this.#think(question, () => observedOne(this.agent, question), begin);
    return { decision, memory: recalled?.after(decision.action) };
  }

  /**
   * Decides on a token of a generation. It waits where the queue is full, since generations are bounded in number and each has one
   * thought at a time.
   * @param see gives the past of the token
   * @throws WireError SHUTTING_DOWN or INTERNAL
   */
  async thinkToken(
    token: unknown,
    options: ActOptions & Pick<DecisionRequest, 'rng' | 'tempering' | 'trace'>,
    see: See,
  ): Promise<Decision> {
    this.#checkOpen();
    const { deterministic: greedy, rng, tempering, trace } = options;
    const [decision] = await this.#decide({
      ...{ obs: [token], masks: [undefined], see: [see], limits: limitsOf(options) },
      ...{ greedy, tempering, rngOf: () => rng, trace },
    });
    this.#options.metrics.wrote(decision);
    return decision;
  }

  /** Frees what was computed of an episode that does not go on, by its history. */
  forget(history: object): void {
    this.#tables?.drop(history);
  }

  async #think(
    question: Asked,
    read: (most: number) => Observed,
    begin?: (count: number) => See[] | undefined,
  ): Promise<Decision[]> {
    const since = performance.now();
    const limits = limitsOf(question);
    const { maxBatch, queue, metrics } = this.#options;
    try {
      this.#checkOpen();
      const most = maxBatch + queue;
      const observed = read(most);
      if (this.pending + observed.obs.length > most) {
        throw new WireError(
          'OVERLOADED',
          `${this.pending} observations are already waiting; try again later`,
        );
      }
      const { deterministic: greedy, seed, trace } = question;
      const decisions = await this.#decide({
        ...{ ...observed, see: begin?.(observed.obs.length), limits, greedy, trace },
        // Independent of other requests, and the same where the thought begins again.
        rngOf: seed === undefined ? undefined : (k) => drawnFrom(seed, k),
      });
      metrics.answered(decisions, performance.now() - since);
      return decisions;
    } catch (error) {
      metrics.failed(error instanceof WireError ? error.code : 'INTERNAL');
      throw error;
    }
  }

  #checkOpen(): void {
    if (this.closing) throw new WireError('SHUTTING_DOWN', 'the server is shutting down');
  }

  #decide(asking: Asking): Promise<Decision[]> {
    return new Promise((resolve, reject) => {
      const request: Request = { ...asking, decisions: [], left: 0, resolve, reject };
      this.#requests.add(request);
      this.#begin(request);
      this.#wake();
    });
  }

  /**
   * Takes the weights of another checkpoint of the run. The thoughts under way begin again, since weights change only
   * between thoughts, and the normalization of observations may differ.
   * @throws Error for a checkpoint of another policy; then nothing changes
   */
  loadCheckpoint(checkpoint: Checkpoint): void {
    this.agent.loadCheckpoint(checkpoint);
    this.#decider.dispose();
    this.#tables?.clear();
    for (const request of this.#requests) this.#begin(request);
  }

  /** Accepts no more requests; resolves once all are answered. */
  async drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      this.#settle();
    });
    this.#decider.dispose();
    this.#tables?.clear();
  }

  #begin(request: Request): void {
    const { obs, masks, earlier, see, limits, greedy, tempering, rngOf, trace } = request;
    const { policy } = this.agent;
    request.decisions = new Array(obs.length);
    request.left = obs.length;
    const asked = obs.map((value, env): BatchedObservation => {
      const observation = this.agent.observe(value, masks[env], limits);
      const before = earlier?.[env].map((one) => this.agent.normalized(this.agent.rowOf(one)));
      return {
        ...observation,
        past: policy.entries && (see?.[env] ?? firstMoment)(observation.row, before),
        ...{ env, greedy, tempering, trace, request },
        rng: rngOf?.(env),
      };
    });
    this.#decider.push(asked);
  }

  #wake(): void {
    if (this.#turning || this.pending === 0) return;
    this.#turning = true;
    // Every socket is read before the next ponder step.
    setImmediate(() => void this.#turn());
  }

  async #turn(): Promise<void> {
    try {
      for (const decision of await this.#decider.tick()) this.#decided(decision);
    } catch (cause) {
      this.#options.onFault(cause);
      this.#decider.dispose();
      this.#tables?.clear();
      for (const request of this.#requests) {
        this.#reject(request, asWireError(cause));
      }
    }
    this.#turning = false;
    this.#wake();
  }

  #decided(decision: Decision<BatchedObservation>): void {
    const { request, env } = decision.observation;
    request.decisions[env] = decision;
    if (--request.left > 0 || !this.#requests.delete(request)) return;
    request.resolve(request.decisions);
    this.#settle();
  }

  #refuse({ request, env }: BatchedObservation, cause: Error): void {
    if (!this.#requests.has(request)) return;
    this.#options.onFault(cause);
    const message = `value ${env}: expected finite numbers from the policy, got NaN or Infinity`;
    this.#reject(request, new WireError('INTERNAL', message, { cause }));
  }

  #reject(request: Request, error: WireError): void {
    this.#requests.delete(request);
    request.reject(error);
    this.#settle();
  }

  #settle(): void {
    if (this.#requests.size === 0) this.#drained?.();
  }
}

function limitsOf({ maxSteps, deadlineMs }: Asked): DecisionRequest['limits'] {
  const deadline = deadlineMs === undefined ? undefined : performance.now() + deadlineMs;
  return { maxSteps, deadline };
}
