import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';

/** More than all that the tests hold there at once, the installed package among it. */
const ROOM = 4 * 2 ** 30;

let dir: string | undefined;

/** What tests write goes to memory where there is room: on a disk, flushing each checkpoint takes most of their time. */
export async function setup(): Promise<void> {
  if (process.env.TMPDIR !== undefined || !(await hasRoom())) return;
  dir = await mkdtemp(join(MEMORY, 'pondera-tests-'));
  process.env.TMPDIR = dir;
}

async function hasRoom(): Promise<boolean> {
  try {
    await access(MEMORY, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY);
    return bavail * bsize >= ROOM;
  } catch {
    return false;
  }
}

export async function teardown(): Promise<void> {
  if (dir === undefined) return;
  await rm(dir, { recursive: true });
  delete process.env.TMPDIR;
}
