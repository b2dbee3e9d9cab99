import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/**
 * Serves files while the test runs.
 * @param pages the content of pages, by path
 * @param folders the directories of further files, by the path that they begin with, such as `/run/`
 * @returns its address, without the last slash
 */
export async function serveSite(
  pages: Record<string, string>,
  folders: Record<string, string> = {},
): Promise<string> {
  const contentOf = (path: string): Promise<string | Buffer> => {
    if (path in pages) return Promise.resolve(pages[path]);
    const at = Object.keys(folders).find((folder) => path.startsWith(folder));
    if (at === undefined) return Promise.reject(new Error(`no page ${path}`));
    return readFile(join(folders[at], path.slice(at.length)));
  };
  const server = createServer(({ url = '/' }, response) => {
    const path = new URL(url, 'http://localhost').pathname;
    const type = TYPES[path.endsWith('/') ? 'html' : path.split('.').at(-1)!] ?? 'text/plain';
    contentOf(path).then(
      (content) => response.writeHead(200, { 'Content-Type': type }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
