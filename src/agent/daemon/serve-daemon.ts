import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkBinding,
  isLoopback,
  SocketServer,
  type SocketServerOptions,
} from '../../envs/net/index.ts';
import { UsageError } from '../common/errors.ts';
import { pageOf, type Supervisor } from '../page/server/page.ts';
import { RunFolder } from '../page/server/run-folder.ts';
import { exclusive, waitingFor } from '../run/exclusive.ts';
import { Daemon, type DaemonOptions } from './daemon.ts';
import { removeDaemonFile, writeDaemonFile } from './daemon-file.ts';
import { daemonPages } from './daemon-pages.ts';

export interface ServeDaemonOptions extends DaemonOptions {
  /** Address and access of its HTTP server; it makes a token unless one is given. */
  server: SocketServerOptions;
}

/** A daemon with an HTTP interface. */
export interface DaemonServer {
  readonly url: string;
  readonly token: string;
  /** Ends the processes, which save first, then the daemon. */
  drain(): Promise<void>;
  /** Ends the processes at once. */
  kill(): void;
}

/**
 * Runs the configs of a folder and serves their states over HTTP.
 * @throws UsageError where another daemon has the folder, or the address needs a token
 */
export async function serveDaemon({
  server,
  ...options
}: ServeDaemonOptions): Promise<DaemonServer> {
  const { dir, log } = options;
  const { host, token = randomBytes(24).toString('base64url') } = server;
  try {
    // A generated token does not count: no client on another machine could know it.
    checkBinding(host, server.token);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'daemon.lock');
  const lock = await exclusive(path, (holder) => `${dir}: ${holder} is already its daemon`, {
    onWait: (holder, seconds) => log.info({ dir }, waitingFor(path, holder, seconds)),
  });
  let daemon: Daemon | undefined;
  let http: SocketServer | undefined;
  const drain = async () => {
    await daemon?.drain();
    await http?.close();
    // On a read-only disk the file stays; clients see that its daemon does not answer.
    await removeDaemonFile(dir).catch(({ message }: Error) => log.warn(message));
    await lock.release();
  };
  try {
    daemon = await Daemon.open(options);
    const id = randomUUID();
    const { pages, endpoints } = shown(daemon, id, dir, host === undefined || isLoopback(host));
    const onFault = (error: unknown) => log.error(error, 'internal error while answering');
    http = await SocketServer.listen({ ...server, token, onFault }, endpoints, pages);
    const url = http.pageUrl('');
    await writeDaemonFile(dir, { id, pid: process.pid, url, token });
    daemon.begin();
    log.info({ dir, url }, 'listening');
    return { url, token, drain, kill: () => daemon?.kill() };
  } catch (error) {
    await drain();
    throw error;
  }
}

/** @param open whether requests that change nothing need no token */
function shown(daemon: Daemon, id: string, dir: string, open: boolean) {
  const control: Supervisor['control'] = async (run, action) => daemon.control(run, action);
  const supervisor = { states$: daemon.states$, control };
  const page = pageOf(new RunFolder(join(dir, 'runs')), { supervisor, open });
  return {
    pages: [...daemonPages(daemon, id, dir, open), ...page.pages],
    endpoints: page.endpoints,
  };
}
