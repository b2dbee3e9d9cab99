import { parentPort, workerData } from 'node:worker_threads';
import { makeEnv } from '../builtin/env-registry.ts';
import { loadEnvFactory } from '../builtin/load-env.ts';
import type { EnvFactory } from '../contract/env.ts';
import { envRequest, readMessage } from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { EnvHost } from '../server/env-host.ts';

/** The data of a thread of environments. */
export interface EnvThreadData {
  /** A built-in's id, or a module's file URL or absolute path. */
  id?: string;
  module?: string;
  options: unknown;
  count: number;
  timeoutMs: number;
}

const { id, module, options, count, timeoutMs } = workerData as EnvThreadData;
const port = parentPort!;

async function factoryOf(): Promise<EnvFactory> {
  if (module === undefined) return () => makeEnv(id!, options);
  const factory = await loadEnvFactory(module, process.cwd());
  return () => factory(options);
}

try {
  const host = await EnvHost.create(await factoryOf(), count, { id: id ?? module!, timeoutMs });
  host.takes = Infinity;
  host.onReply = (...replies) => {
    for (const reply of replies) port.postMessage(reply);
  };
  port.on('message', (message) => {
    const request = readMessage(envRequest, message);
    if (request.t !== 'close') host.handle(request);
    else void host.close().finally(() => process.exit());
  });
  port.postMessage({ env: host.description });
} catch (error) {
  const code = error instanceof WireError ? error.code : 'ENV_FAILED';
  port.postMessage({ t: 'error', code, message: (error as Error).message });
}
