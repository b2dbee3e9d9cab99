import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonAnswer, jsonPage, type Page } from '../../envs/net/index.ts';
import { cannotSync } from '../run/index.ts';
import type { Daemon } from './daemon.ts';
import { DaemonMetrics } from './daemon-metrics.ts';

/**
 * The HTTP endpoints of a daemon beside its page.
 * @param id of this daemon
 * @param readable whether requests that change nothing need no token
 */
export function daemonPages(daemon: Daemon, id: string, dir: string, readable: boolean): Page[] {
  const metrics = new DaemonMetrics();
  const scraped = async () => ({
    type: metrics.contentType,
    data: await metrics.text(await daemon.views()),
  });
  return [
    jsonPage('/health', () => ({ status: 'healthy', pid: process.pid, id }), true),
    { path: '/ready', open: true, body: () => readiness(daemon, dir) },
    { path: '/metrics', open: readable, body: scraped },
    { path: '/v1/runs', open: readable, body: async () => jsonAnswer(await daemon.views()) },
  ];
}

async function readiness(daemon: Daemon, dir: string) {
  const problems = [...daemon.problems, await unwritable(dir)].filter((problem) => problem);
  const ready = problems.length === 0;
  return jsonAnswer({ ready, problems }, ready ? 200 : 503);
}

/** The reason why a folder is not writable; undefined where it is. */
async function unwritable(dir: string): Promise<string | undefined> {
  const path = join(dir, `.probe-${process.pid}`);
  try {
    const file = await open(path, 'w');
    try {
      await file.writeFile(Buffer.alloc(4096));
      await file.sync().catch((error) => {
        if (!cannotSync(error)) throw error;
      });
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    return undefined;
  } catch (error) {
    return `disk: ${(error as Error).message}`;
  }
}
