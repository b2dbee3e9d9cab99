import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { errorCode } from './atomic.ts';

const ownerSchema = z.object({
  pid: z.int().positive(),
  /** The process's start in clock ticks after the machine's start, and the ID of that start (Linux only). */
  started: z.string().optional(),
  boot: z.string().optional(),
  /** The PID namespace of `pid` (Linux only). */
  namespace: z.string().optional(),
  host: z.string().optional(),
  /** The ID of this one lock. */
  id: z.string().optional(),
});

/** The process that holds a lock, described so that a later process with the same number is not mistaken for it. */
export type Owner = z.infer<typeof ownerSchema>;

/** This process, as the owner of another lock. */
export async function newOwner(): Promise<Owner & { id: string }> {
  const { pid } = process;
  return {
    pid,
    started: (await procStat(pid))?.started,
    boot: (await readIfThere('/proc/sys/kernel/random/boot_id'))?.trim(),
    namespace: await nodeFs.readlink('/proc/self/ns/pid').catch(() => undefined),
    host: hostname(),
    id: randomUUID(),
  };
}

/** Undefined for text without an owner: a crash or an unfinished write may leave such text. */
export function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text.split('\n')[0])).data;
  } catch {
    return undefined;
  }
}

/** Whether this process can look up the owner by its number: not so in another container or machine. */
export function isWithin(owner: Owner, me: Owner): boolean {
  // Older versions wrote neither namespace nor host.
  const { boot, namespace = me.namespace, host = me.host } = owner;
  const identified = me.boot !== undefined && me.namespace !== undefined;
  return boot === me.boot && namespace === me.namespace && (identified || host === me.host);
}

/** Whether an owner for which `isWithin` holds still runs. */
export async function runs({ pid, started }: Owner): Promise<boolean> {
  const found = await procStat(pid);
  if (found) return found.started === started && !['Z', 'X'].includes(found.state);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** The state and start of a process, as proc_pid_stat(5) has them; undefined where it is gone or there is no /proc. */
async function procStat(pid: number): Promise<{ state: string; started: string } | undefined> {
  const text = await readIfThere(`/proc/${pid}/stat`);
  // Its second field, the program's name in parentheses, may hold spaces and parentheses.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && { state: fields[0], started: fields[19] };
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await nodeFs.readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errorCode(error))) return undefined;
    throw error;
  }
}
