import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { checkOptions } from '../../envs/common/index.ts';
import {
  awaitHello,
  type Closed,
  type Connection,
  checkBinding,
  defaultConnectionLimits,
  type Hello,
  type Page,
  SocketServer,
  type Welcome,
  WIRE_VERSION,
  WireError,
} from '../../envs/net/index.ts';
import { Agent } from '../agent/agent.ts';
import { UsageError } from '../common/errors.ts';
import { type Checkpoint, CheckpointStore } from '../run/index.ts';
import { CheckpointWatch } from './checkpoint-watch.ts';
import { ConnectionGenerations } from './connection-generations.ts';
import { openpiSocket } from './openpi-socket.ts';
import { PolicyBatcher } from './policy-batcher.ts';
import { PolicyGenerations } from './policy-generations.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { policyPages } from './policy-pages.ts';
import { policySession } from './policy-session.ts';
import { PolicySessions } from './policy-sessions.ts';
import { ACT_PATH, postAct } from './post-act.ts';
import { postGenerate } from './post-generate.ts';
import { boundTo, explainMount, type ServeOptions, serveChecks } from './serve-options.ts';

/** A running policy server, as `servePolicy` starts it (docs/serving.md; its protocol: docs/protocol.md). */
export class PolicyServer {
  readonly #agent: Agent;
  readonly #options: ServeOptions;
  readonly #thinker: PolicyBatcher;
  readonly #generations: PolicyGenerations;
  readonly #metrics: PolicyMetrics;
  readonly #graceMs: number;
  readonly #kept: PolicySessions;
  readonly #sessions = new Set<Connection | WebSocket>();
  #server!: SocketServer;
  #checkpoints!: CheckpointWatch;

  private constructor(agent: Agent, options: ServeOptions) {
    const { maxBatch = 64, queue = 4096, exit, deterministic, maxSteps, on } = options;
    this.#agent = agent;
    this.#options = options;
    this.#metrics = new PolicyMetrics({
      policy_sessions: () => this.#sessions.size,
      policy_histories: () => this.#kept.histories,
      policy_generations: () => this.#generations.running,
      policy_pending: () => this.#thinker.pending,
      policy_batch_occupancy: () => this.#thinker.takeOccupancy(),
      policy_version: () => agent.version,
    });
    const onFault = (error: unknown) => on?.({ type: 'fault', error });
    const metrics = this.#metrics;
    const thinking = { maxBatch, queue, exit, deterministic, maxSteps };
    this.#thinker = new PolicyBatcher(agent, { ...thinking, metrics, onFault });
    const { graceMs = 60_000, histories = 4096, generations = 1024 } = options;
    this.#generations = new PolicyGenerations(this.#thinker, generations, metrics);
    // A policy without a memory remembers nothing, so there is nothing to come back to.
    this.#graceMs = agent.policy.entries ? graceMs : 0;
    this.#kept = new PolicySessions(this.#thinker, { graceMs, histories });
  }

  /**
   * Starts a server that owns `agent` and reloads from `store`.
   * @internal
   */
  static async start(agent: Agent, store: CheckpointStore, options: ServeOptions) {
    const policy = new PolicyServer(agent, options);
    await policy.#begin();
    policy.#watch(store);
    return policy;
  }

  /** The URL that clients connect to. @throws Error where `ServeOptions.server` does not listen */
  get url(): string {
    return this.#server.url(POLICY_PATH);
  }

  /** The URL that takes an observation by POST. @throws Error as `url` does */
  get actUrl(): string {
    return this.#server.pageUrl(ACT_PATH);
  }

  /** Environment steps of training behind the weights that answer now. */
  get version(): number {
    return this.#agent.version;
  }

  /**
   * Answers the open requests, accepts no more, ends every connection and disposes of the agent. A server of your own
   * goes on without the policy.
   */
  async close(): Promise<void> {
    await this.#checkpoints.stop();
    await this.#thinker.drain();
    await this.#server.close();
    this.#kept.close();
    this.#agent.dispose();
  }

  async #begin(): Promise<void> {
    const { server, path = '/policy' } = this.#options;
    const { maxPayload = defaultConnectionLimits.maxPayload } = this.#options;
    const onFault = (error: unknown) => this.#options.on?.({ type: 'fault', error });
    const connect = (connection: Connection) =>
      awaitHello(connection, 'policy-client', (hello) => this.#welcome(connection, hello));
    const socket = (socket: WebSocket) => {
      this.#sessions.add(socket);
      socket.once('close', () => this.#sessions.delete(socket));
      openpiSocket(socket, this.#thinker, this.#thinker.describe(), onFault);
    };
    const options = { ...this.#options, onFault };
    const endpoints = [
      { path: POLICY_PATH, connect },
      { path: '/', socket },
    ];
    const pages = [
      ...this.#pages(),
      postAct(this.#thinker, maxPayload),
      postGenerate(this.#generations, maxPayload),
    ];
    this.#server = server
      ? SocketServer.mount({ server, path }, options, endpoints, pages)
      : await SocketServer.listen(options, endpoints, pages);
  }

  #pages(): Page[] {
    const status = () => ({
      status: this.#thinker.closing ? 'closing' : 'healthy',
      policyVersion: this.version,
      sessions: this.#sessions.size,
    });
    return policyPages(() => this.#thinker.describe(), status, this.#metrics);
  }

  #watch(store: CheckpointStore): void {
    const { checkpoint: which, reloadSeconds = 5, on } = this.#options;
    const take = (checkpoint: Checkpoint) => {
      this.#thinker.loadCheckpoint(checkpoint);
      on?.({ type: 'reloaded', version: checkpoint.step });
    };
    const skipped = ({ message }: Error) => on?.({ type: 'skipped', message });
    this.#checkpoints = new CheckpointWatch(store, which, this.version, take, skipped);
    this.#checkpoints.start(reloadSeconds);
  }

  #welcome(connection: Connection, { resume }: Hello): void {
    if (this.#thinker.closing) throw new WireError('SHUTTING_DOWN', 'the server is shutting down');
    const { limits, heartbeatMs } = this.#server;
    const remembers = this.#agent.policy.entries !== undefined;
    const { session, resumed } = this.#kept.find(remembers ? resume : undefined);
    const welcome: Welcome = {
      t: 'welcome',
      v: WIRE_VERSION,
      ...session.ticket,
      resumed,
      limits: { maxPayload: limits.maxPayload, graceMs: this.#graceMs, heartbeatMs },
      policy: this.#thinker.describe(),
    };
    connection.send(welcome);
    this.#sessions.add(connection);
    this.#kept.attach(session, connection);
    let over = false;
    const { generationsPerConnection = 128 } = this.#options;
    const answering = {
      thinker: this.#thinker,
      histories: session.histories,
      generations: new ConnectionGenerations(
        connection,
        this.#generations,
        generationsPerConnection,
      ),
    };
    policySession(connection, answering, () => {
      over = true;
    });
    connection.onClose = ({ code }: Closed) => {
      this.#sessions.delete(connection);
      this.#kept.detach(session, connection, over || code === 1000);
    };
  }
}

const POLICY_PATH = '/v1/policy';

/**
 * Serves the policy of a run over WebSocket and HTTP, on a port or on a server of your own, and reloads it when the run
 * saves a newer checkpoint.
 *
 * ```ts
 * import { PolicyClient, servePolicy } from 'pondera';
 *
 * const server = await servePolicy('runs/cartpole', { port: 7777 });
 * const client = await PolicyClient.connect(server.url);
 * const { action, ponderSteps } = await client.act(Float32Array.of(0, 0, 0.1, 0));
 * console.log(action, ponderSteps);
 * client.close();
 * await server.close();
 * ```
 *
 * @param runDir the run's directory, such as `runs/cartpole`
 * @throws UsageError for a directory that holds no run, options that do not fit the run, or an address other than a
 *   loopback one without a token
 * @throws CheckpointError where no checkpoint can be read
 * @throws RangeError for an unknown option, Error where the address is in use
 */
export async function servePolicy(
  runDir: string,
  options: ServeOptions = {},
): Promise<PolicyServer> {
  checkOptions('servePolicy', options, serveChecks);
  const problem = explainMount(options);
  if (problem !== undefined) throw new UsageError(problem);
  try {
    checkBinding(boundTo(options), options.token);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
  const { checkpoint, env, encoder } = options;
  const agent = await Agent.load(runDir, { checkpoint, env, encoder });
  try {
    const { minSteps } = agent.config.halting;
    const { maxSteps = minSteps } = options;
    if (maxSteps < minSteps) {
      throw new UsageError(
        `maxSteps: expected at least ${minSteps} (halting.minSteps), got ${maxSteps}`,
      );
    }
    const store = new CheckpointStore(join(runDir, 'checkpoints'));
    return await PolicyServer.start(agent, store, options);
  } catch (error) {
    agent.dispose();
    throw error;
  }
}
