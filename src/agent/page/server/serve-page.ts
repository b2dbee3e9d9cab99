import { stat } from 'node:fs/promises';
import { SocketServer, type SocketServerOptions } from '../../../envs/net/index.ts';
import { UsageError } from '../../common/errors.ts';
import { pageOf } from './page.ts';
import { RunFolder } from './run-folder.ts';

/**
 * Serves a page of the runs of a folder, from their files alone. The page can change nothing.
 * @throws UsageError if there is no such folder, Error if the server cannot listen at the address
 */
export async function servePage(
  dir: string,
  options: SocketServerOptions = {},
): Promise<{ url: string; close: () => Promise<void> }> {
  if (!(await stat(dir).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`${dir}: expected a folder of run directories`);
  }
  const { pages, endpoints } = pageOf(new RunFolder(dir), { open: options.token === undefined });
  const server = await SocketServer.listen(options, endpoints, pages);
  return { url: server.pageUrl('/'), close: () => server.close() };
}
