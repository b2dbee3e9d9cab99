import { type Checks, callback, flag, integer, positive } from '../../envs/common/index.ts';
import { type SocketServerOptions, serverChecks } from '../../envs/net/index.ts';
import { type LoadOptions, loadChecks } from '../agent/agent.ts';
import { type ExitOption, exitCheck } from '../agent/exit-option.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';

/** The address of a policy server, its limits, and how its policy thinks. */
export interface ServeOptions
  extends Omit<SocketServerOptions, 'onFault'>,
    Omit<LoadOptions, 'set'> {
  /** Observations that share a batch; default 64. */
  maxBatch?: number;
  /** Observations that may wait beside the batch, beyond which requests fail with `OVERLOADED`; default 4096. */
  queue?: number;
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
  maxBatch: integer(1),
  queue: integer(0),
  exit: exitCheck,
  deterministic: flag,
  maxSteps: integer(1, MOST_STEPS),
  reloadSeconds: positive,
  on: callback,
};

/** An event of a policy server. */
export type ServeEvent =
  /** A newer checkpoint answers from now on. */
  | { type: 'reloaded'; version: number }
  /** The server could not use a newer checkpoint; the present one answers on. */
  | { type: 'skipped'; message: string }
  /** The server has a fault; clients see the code `INTERNAL` only. */
  | { type: 'fault'; error: unknown };
