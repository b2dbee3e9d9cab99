import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RunError } from '../common/errors.ts';
import { errorCode, writeFileAtomic } from '../run/index.ts';

const daemonFileSchema = z.strictObject({
  /** Of this daemon alone, which it says to whoever asks: a number of a process may be another's. */
  id: z.string().min(1),
  pid: z.int().positive(),
  /** Where it is asked, e.g. http://127.0.0.1:8770. */
  url: z.url(),
  /** What changes anything needs it. */
  token: z.string(),
});

/** How a daemon that runs is found: daemon.json in its folder, for its own user's eyes. */
export type DaemonFile = z.infer<typeof daemonFileSchema>;

export async function writeDaemonFile(dir: string, file: DaemonFile): Promise<void> {
  const open: typeof nodeFs.open = (path, flags) => nodeFs.open(path, flags, 0o600);
  await writeFileAtomic(pathIn(dir), `${JSON.stringify(file)}\n`, { ...nodeFs, open });
}

export function removeDaemonFile(dir: string): Promise<void> {
  return nodeFs.rm(pathIn(dir), { force: true });
}

/** Undefined where no daemon has written one. @throws RunError where it is damaged */
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
