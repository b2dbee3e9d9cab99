import { type Checks, callback, flag, integer, positive } from '../../envs/common/index.ts';
import { type SocketServerOptions, serverChecks } from '../../envs/net/index.ts';
import { type LoadOptions, loadChecks } from '../agent/agent.ts';
import { type ExitOption, exitCheck } from '../agent/exit-option.ts';
import { MOST_STEPS } from '../config/config.ts';

export interface ServeOptions
  extends Omit<SocketServerOptions, 'onFault'>,
    Omit<LoadOptions, 'set'> {
  /** Observations thought about at once; 64 unless given. */
  maxBatch?: number;
  /** Observations that may wait beside them; 4096 unless given. */
  queue?: number;
  /** How a thought ends; the config's evaluation.exit unless given. */
  exit?: ExitOption;
  /** Whether to take the most likely actions, where a client does not say; the config's evaluation.deterministic unless given. */
  deterministic?: boolean;
  /** Ponder steps after which acting is forced; the config's halting.maxSteps unless given. */
  maxSteps?: number;
  /** Between looks for a newer checkpoint, in seconds; 5 unless given. */
  reloadSeconds?: number;
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

export type ServeEvent =
  /** A newer checkpoint has taken over. */
  | { type: 'reloaded'; version: number }
  /** One could not be used; the old one goes on. */
  | { type: 'skipped'; message: string }
  /** Something went wrong here that clients are told nothing of but INTERNAL. */
  | { type: 'fault'; error: unknown };
