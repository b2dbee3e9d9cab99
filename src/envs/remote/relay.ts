import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { startThread } from '../../kernels/index.ts';
import type { EnvThreadData } from './env-thread.ts';

/** The place of remote environments. */
export type RemoteSource =
  /** Servers to connect to (`EnvServer`). */
  | {
      urls: readonly string[];
      token?: string;
      /** The most environments of a connection. */
      frame: number;
    }
  /** An address that environments connect to (`dialTrainer`). */
  | { listen: { host: string; port: number; token?: string } }
  /** Threads of this process. */
  | { workers: number; env: Pick<EnvThreadData, 'id' | 'module' | 'options'> };

/** The settings of a group of remote environments. */
export interface OpenGroup {
  /** The place of the environments. */
  source: RemoteSource;
  /** Number of environments (N). */
  count: number;
  /** The longest time for an answer, in ms. */
  timeoutMs: number;
  /** Seeds the waits between attempts to connect. */
  seed: number;
  /** The port of the group in the relay. */
  port: MessagePort;
}

let relay: Worker | undefined;
let groups = 0;

/**
 * Opens a group of environments in the relay, the one thread with all sockets, so that heartbeats continue during a long
 * update. The relay runs while any group is open, and keeps no process alive by itself.
 * @returns the port for requests to the group and its answers
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
  // The ports of an ended thread close, so each group notices.
  thread.once('exit', () => {
    relay = undefined;
  });
  thread.on('error', (error) => {
    process.emitWarning(`the relay of remote environments failed: ${error.message}`);
  });
  thread.unref();
  return thread;
}
