import type { Server } from 'node:http';
import {
  anything,
  type Checks,
  callback,
  describe,
  finiteDuration,
  flag,
  integer,
  positive,
  text,
} from '../../envs/common/index.ts';
import { type SocketServerOptions, serverChecks } from '../../envs/net/index.ts';
import { type LoadOptions, loadChecks } from '../agent/agent.ts';
import { type ExitOption, exitCheck } from '../agent/exit-option.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';

/** The address of a policy server, its limits, and how its policy thinks. */
export interface ServeOptions
  extends Omit<SocketServerOptions, 'onFault'>,
    Omit<LoadOptions, 'set'> {
  /**
   * A server of your own (`node:http` or `node:https`; also what Express's `listen` and Hono's `serve` return) on which
   * the policy answers under `path`; its own handlers answer everything else. It has its own `host`, `port` and `tls`,
   * and needs a `token` where it listens on another address than a loopback one. Default: a server for the policy alone.
   */
  server?: Server;
  /** The path on `server`; default `/policy`. */
  path?: string;
  /** Observations that share a batch; default 64. */
  maxBatch?: number;
  /** Observations that may wait beside the batch, beyond which requests fail with `OVERLOADED`; default 4096. */
  queue?: number;
  /**
   * Of a policy with a memory: how long the histories of a client wait for its connection to come back, in ms; default 60,000.
   */
  graceMs?: number;
  /** Of a policy with a memory: the most histories of episodes to keep, over all clients; default 4096. */
  histories?: number;
  /** Generations of tokens at a time, over all clients, beyond which another fails with `OVERLOADED`; default 1024. */
  generations?: number;
  /** Generations of tokens at a time on one connection; default 128. */
  generationsPerConnection?: number;
  /** The exit that ends thoughts; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** `true` takes the most likely actions, `false` draws them, unless a client asks otherwise; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** Ponder steps after which acting is forced; default: the config's `halting.maxSteps`. */
  maxSteps?: number;
  /** Seconds between looks for a newer checkpoint; default 5. */
  reloadSeconds?: number;
  /** Receives every event of the server. */
  on?: (event: ServeEvent) => void;
}

const { onFault: _, ...socketChecks } = serverChecks;
const { set: __, ...agentChecks } = loadChecks;

export const serveChecks: Checks<ServeOptions> = {
  ...socketChecks,
  ...agentChecks,
  server: anything,
  path: text,
  maxBatch: integer(1),
  queue: integer(0),
  graceMs: finiteDuration,
  histories: integer(1),
  generations: integer(1),
  generationsPerConnection: integer(1),
  exit: exitCheck,
  deterministic: flag,
  maxSteps: integer(1, MOST_STEPS),
  reloadSeconds: positive,
  on: callback,
};

/** Says why the options name no server of one's own, or more than one; undefined where they may. */
export function explainMount({ server, path, host, port, tls }: ServeOptions): string | undefined {
  if (server === undefined) {
    return path === undefined ? undefined : 'path: allowed only together with server';
  }
  if (typeof server?.emit !== 'function' || typeof server.address !== 'function') {
    return `server: expected a server of node:http or node:https, got ${describe(server)}`;
  }
  const [own] = Object.entries({ host, port, tls }).filter(([, given]) => given !== undefined);
  if (own !== undefined) return `${own[0]}: not allowed together with server, which has its own`;
  if (path !== undefined && !/^(?:\/[\w.~-]+)+$/.test(path)) {
    return `path: expected one such as /policy, without a slash at its end, got ${describe(path)}`;
  }
  return undefined;
}

/** The address of the server that the options name; undefined for the default, or none yet. */
export function boundTo({ server, host }: ServeOptions): string | undefined {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.address : host;
}

/** An event of a policy server. */
export type ServeEvent =
  /** A newer checkpoint answers from now on. */
  | { type: 'reloaded'; version: number }
  /** The server could not use a newer checkpoint; the present one answers on. */
  | { type: 'skipped'; message: string }
  /** The server has a fault; clients see the code `INTERNAL` only. */
  | { type: 'fault'; error: unknown };
