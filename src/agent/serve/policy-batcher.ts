import { asWireError, type PolicyDescription, WireError } from '../../envs/net/index.ts';
import type { Decider, Decision, DecisionRequest } from '../../rollout/index.ts';
import { type DeciderOptions, drawnFrom } from '../agent/act-options.ts';
import type { Agent } from '../agent/agent.ts';
import type { Checkpoint } from '../run/index.ts';
import type { PostedAct } from './policy-messages.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import {
  type ActRequest,
  type Asked,
  type Observed,
  observed,
  observedOne,
} from './policy-request.ts';

/** A request without an answer yet. */
interface Request extends Observed {
  limits: DecisionRequest['limits'];
  greedy: boolean | undefined;
  /** Seeds the draws. */
  seed: number | undefined;
  trace: boolean | undefined;
  since: number;
  /** The decisions, in the order of the observations [k]. */
  decisions: Decision[];
  left: number;
  resolve: (decisions: Decision[]) => void;
  reject: (error: Error) => void;
}

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
  readonly #options: PolicyBatcherOptions;
  readonly #requests = new Set<Request>();
  #turning = false;
  #drained: (() => void) | undefined;

  constructor(agent: Agent, options: PolicyBatcherOptions) {
    this.agent = agent;
    this.#options = options;
    const { exit, maxSteps, deterministic } = options;
    const failed = (asked: BatchedObservation, cause: Error) => this.#refuse(asked, cause);
    this.#decider = agent.decider(options.maxBatch, {
      ...{ exit, maxSteps, deterministic, failed },
    });
  }

  describe(): PolicyDescription {
    const { config, observationSpace, actionSpace, version } = this.agent;
    const { minSteps, maxSteps } = config.halting;
    return {
      name: config.name,
      version,
      observationSpace: observationSpace.toJSON(),
      actionSpace: actionSpace.toJSON(),
      minSteps,
      maxSteps: this.#options.maxSteps ?? maxSteps,
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
   * @returns a decision for each observation [k]
   * @throws WireError REFUSED, OVERLOADED, SHUTTING_DOWN or INTERNAL
   */
  think(question: ActRequest): Promise<Decision[]> {
    return this.#think(question, (most) => observed(this.agent, question, most));
  }

  /** Decides on the one observation of a POST. @throws WireError as `think` does */
  async thinkOne(question: PostedAct): Promise<Decision> {
    return (await this.#think(question, () => observedOne(this.agent, question)))[0];
  }

  #think(question: Asked, read: (most: number) => Observed): Promise<Decision[]> {
    return new Promise<Decision[]>((resolve, reject) => {
      const since = performance.now();
      const { maxSteps, deadlineMs, deterministic: greedy, seed, trace } = question;
      const most = this.#options.maxBatch + this.#options.queue;
      if (this.closing) throw new WireError('SHUTTING_DOWN', 'the server is shutting down');
      const { obs, masks } = read(most);
      if (this.pending + obs.length > most) {
        throw new WireError(
          'OVERLOADED',
          `${this.pending} observations are already waiting; try again later`,
        );
      }
      const deadline = deadlineMs === undefined ? undefined : since + deadlineMs;
      const limits = { maxSteps, deadline };
      const answer = { decisions: [], left: 0, resolve, reject };
      const asked = { limits, greedy, seed, trace };
      const request: Request = { obs, masks, ...asked, since, ...answer };
      this.#requests.add(request);
      this.#begin(request);
      this.#wake();
    }).catch((error) => {
      this.#options.metrics.failed(error instanceof WireError ? error.code : 'INTERNAL');
      throw error;
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
    for (const request of this.#requests) this.#begin(request);
  }

  /** Accepts no more requests; resolves once all are answered. */
  async drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      this.#settle();
    });
    this.#decider.dispose();
  }

  #begin(request: Request): void {
    const { obs, masks, limits, greedy, seed, trace } = request;
    request.decisions = new Array(obs.length);
    request.left = obs.length;
    const asked = obs.map(
      (value, env): BatchedObservation => ({
        ...this.agent.observe(value, masks[env], limits),
        ...{ env, greedy, trace, request },
        // Independent of other requests, and the same where the thought begins again.
        rng: seed === undefined ? undefined : drawnFrom(seed, env),
      }),
    );
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
    const { decisions, since } = request;
    this.#options.metrics.answered(decisions, performance.now() - since);
    request.resolve(decisions);
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
