import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { startThread } from '../common/thread.ts';
import type { EnvThreadData } from './env-thread.ts';

/** Where environments are that are not in this thread. */
export type RemoteSource =
  /** Servers to connect to. */
  | {
      urls: readonly string[];
      token?: string;
      /** Environments a connection at most. */
      frame: number;
    }
  /** An address at which environments dial in. */
  | { listen: { host: string; port: number; token?: string } }
  /** Threads of this process. */
  | { workers: number; env: Pick<EnvThreadData, 'id' | 'module' | 'options'> };

export interface OpenGroup {
  source: RemoteSource;
  /** Environments (N). */
  count: number;
  /** How long an answer may take, in ms. */
  timeoutMs: number;
  /** Of the jitter between attempts to connect. */
  seed: number;
  port: MessagePort;
}

let relay: Worker | undefined;
let groups = 0;

/**
 * Opens a group of environments in the relay: the one thread that has all sockets, so that heartbeats go on
 * however long an update takes. It runs while any group is open, and keeps no process alive by itself.
 * @returns the port on which the group is asked and answers
 */
export function openGroup(group: Omit<OpenGroup, 'port'>): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const thread = (relay ??= startRelay());
  if (groups++ === 0) thread.ref();
  port1.once('close', () => {
    if (--groups === 0) relay?.unref();
  });
  thread.postMessage({ ...group, port: port2 } satisfies OpenGroup, [port2]);
  return port1;
}

function startRelay(): Worker {
  const thread = startThread(import.meta.url, 'relay-thread');
  // Ports of a thread that has ended close, which each group is told.
  thread.once('exit', () => {
    relay = undefined;
  });
  thread.on('error', (error) => {
    process.emitWarning(`the relay of remote environments failed: ${error.message}`);
  });
  thread.unref();
  return thread;
}
