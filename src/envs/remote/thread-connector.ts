import type { Worker } from 'node:worker_threads';
import { startThread } from '../../kernels/index.ts';
import { inTime } from '../common/timers.ts';
import type { Closed } from '../net/socket/closed.ts';
import { type EnvDescription, WIRE_VERSION } from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import type { EnvThreadData } from './env-thread.ts';
import type { Link } from './link.ts';
import type { Connector } from './reconnector.ts';

/** Connects to environments in a thread, which speaks the protocol without a socket. */
export function threadConnector(data: Omit<EnvThreadData, 'count'>, index: number): Connector {
  const name = `worker ${index}`;
  return {
    name,
    connect: async (count) => {
      const workerData: EnvThreadData = { ...data, count };
      const worker = startThread(import.meta.url, 'env-thread', { workerData });
      const link = new ThreadLink(worker);
      const mostMs = START_MS + count * data.timeoutMs;
      const env = await inTime(description(link), mostMs, () => {
        link.close();
        return new WireError(
          'ENV_FAILED',
          `the worker thread did not make its environments within ${mostMs} ms`,
        );
      });
      return {
        link,
        welcome: {
          t: 'welcome',
          v: WIRE_VERSION,
          session: '',
          token: '',
          resumed: false,
          // Memory is the only limit, and an ended thread does not come back.
          limits: { maxPayload: Number.MAX_SAFE_INTEGER, graceMs: 0, heartbeatMs: 15_000 },
          numEnvs: count,
          env,
        },
      };
    },
  };
}

/** @throws WireError ENV_FAILED where it cannot make its environments */
function description(link: ThreadLink): Promise<EnvDescription> {
  return new Promise((resolve, reject) => {
    link.onClose = ({ reason }) => reject(new WireError('ENV_FAILED', reason));
    link.onMessage = (first) => {
      const { env, message } = first as { env?: EnvDescription; message?: string };
      if (env !== undefined) return resolve(env);
      reject(new WireError('ENV_FAILED', String(message)));
      link.close();
    };
  });
}

class ThreadLink implements Link {
  onMessage: (message: unknown) => void = () => {};
  readonly peerTakes = Infinity;
  readonly #worker: Worker;
  #onClose: (closed: Closed) => void = () => {};
  #closed: Closed | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message) => this.onMessage(message));
    worker.on('error', (error) => this.#end(error.message));
    worker.on('exit', (code) => this.#end(`the thread ended with ${code}`));
  }

  get open(): boolean {
    return this.#closed === undefined;
  }

  set onClose(listener: (closed: Closed) => void) {
    this.#onClose = listener;
    if (this.#closed) listener(this.#closed);
  }

  send(...messages: object[]): void {
    for (const message of messages) this.#worker.postMessage(message);
  }

  close(): void {
    // A thread in an endless loop does not end by itself.
    setTimeout(() => void this.#worker.terminate(), CLOSE_MS).unref();
  }

  #end(reason: string): void {
    // The exit follows the error.
    if (this.#closed) return;
    this.#closed = { code: 1006, reason };
    this.#onClose(this.#closed);
  }
}

const CLOSE_MS = 1000;
/** The longest time for a thread to load its module, in ms. */
const START_MS = 60_000;
