import { stat } from 'node:fs/promises';
import { SocketServer, type SocketServerOptions } from '../../../envs/net/index.ts';
import { UsageError } from '../../common/errors.ts';
import { pageOf } from './page.ts';
import { RunFolder } from './run-folder.ts';

/**
 * Shows the runs of a folder, read from their files alone; nothing can be changed.
 * @throws UsageError where there is no such folder, Error where the address cannot be had
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
