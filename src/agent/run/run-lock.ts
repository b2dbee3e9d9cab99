import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs/promises';
import { z } from 'zod';
import { errorCode } from './atomic.ts';

/** A process, so that another with its number is not taken for it. */
const ownerSchema = z.object({
  pid: z.int().positive(),
  /** Clock ticks after the machine's start, and which start that was; where the system tells (Linux). */
  started: z.string().optional(),
  boot: z.string().optional(),
});
type Owner = z.infer<typeof ownerSchema>;

/** Another process that runs holds the lock. */
export class Locked extends Error {
  override name = 'Locked';
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`${path} is held by process ${pid}`);
    this.pid = pid;
  }
}

/**
 * Takes the lock file at `path` for this process, also from one that is gone without having released it. It
 * holds among the processes of one machine that see each other.
 *
 * @returns what releases it
 * @throws Locked where a process that runs has it
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = `${path}.${randomUUID()}`;
  await nodeFs.writeFile(own, JSON.stringify(await self()), { flag: 'wx' });
  try {
    while (!(await acquire(path, own)));
  } finally {
    await nodeFs.rm(own, { force: true });
  }
  return () => nodeFs.rm(path, { force: true });
}

/** Puts `own` at `path` where nothing or a dead process's lock is. @returns whether it did, or is to try again */
async function acquire(path: string, own: string): Promise<boolean> {
  try {
    // It is there whole or not at all, and fails where something is.
    await nodeFs.link(own, path);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  await refuseLive(path);
  // Only who holds this second lock replaces the first, or two could each replace the other's.
  const release = await takeLock(`${path}.stale`);
  try {
    if (!(await refuseLive(path))) return false;
    await nodeFs.rename(own, path);
    return true;
  } finally {
    await release();
  }
}

/** @returns false where there is no lock any more @throws Locked where its process runs */
async function refuseLive(path: string): Promise<boolean> {
  const text = await readIfThere(path);
  if (text === undefined) return false;
  const owner = parseOwner(text);
  if (owner && (await runs(owner))) throw new Locked(path, owner.pid);
  return true;
}

/** What a machine that stopped has left may be no owner. */
function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function runs({ pid, started, boot }: Owner): Promise<boolean> {
  if (boot !== (await bootId())) return false;
  const found = await procStat(pid);
  if (found) return found.started === started && !['Z', 'X'].includes(found.state);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

async function self(): Promise<Owner> {
  const { pid } = process;
  return { pid, started: (await procStat(pid))?.started, boot: await bootId() };
}

async function bootId(): Promise<string | undefined> {
  return (await readIfThere('/proc/sys/kernel/random/boot_id'))?.trim();
}

/** The state and start of a process, as proc_pid_stat(5) has them; undefined where it is gone or there is no /proc. */
async function procStat(pid: number): Promise<{ state: string; started: string } | undefined> {
  const text = await readIfThere(`/proc/${pid}/stat`);
  // Its second field, the program's name in parentheses, may hold spaces and parentheses.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && { state: fields[0], started: fields[19] };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await nodeFs.readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errorCode(error))) return undefined;
    throw error;
  }
}
