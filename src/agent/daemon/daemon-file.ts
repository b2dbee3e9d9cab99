import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RunError } from '../common/errors.ts';
import { errorCode, writeFileAtomic } from '../run/index.ts';

const daemonFileSchema = z.strictObject({
  /** The ID of this daemon, which `/health` shows too: a process number may belong to another process by now. */
  id: z.string().min(1),
  pid: z.int().positive(),
  /** Its base URL, e.g. http://127.0.0.1:8770. */
  url: z.url(),
  /** Every request that changes something needs it. */
  token: z.string(),
});

/** The contents of daemon.json, by which clients find a running daemon; only the daemon's user may read the file. */
export type DaemonFile = z.infer<typeof daemonFileSchema>;

export async function writeDaemonFile(dir: string, file: DaemonFile): Promise<void> {
  const open: typeof nodeFs.open = (path, flags) => nodeFs.open(path, flags, 0o600);
  await writeFileAtomic(pathIn(dir), `${JSON.stringify(file)}\n`, { ...nodeFs, open });
}

export function removeDaemonFile(dir: string): Promise<void> {
  return nodeFs.rm(pathIn(dir), { force: true });
}

/** Reads daemon.json; undefined where there is none. @throws RunError where it is damaged */
export async function readDaemonFile(dir: string): Promise<DaemonFile | undefined> {
  const path = pathIn(dir);
  const text = await nodeFs.readFile(path, 'utf8').catch((error) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return daemonFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    const expected =
      'expected the file that a daemon writes; restart the daemon, or delete the file';
    throw new RunError(`${path}: ${expected} (${(cause as Error).message})`, { cause });
  }
}

function pathIn(dir: string): string {
  return join(dir, 'daemon.json');
}
