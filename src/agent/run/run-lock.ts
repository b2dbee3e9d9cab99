import * as nodeFs from 'node:fs/promises';
import { setTimeout as timeout } from 'node:timers/promises';
import { errorCode } from './atomic.ts';
import { HeldLock, lockText } from './held-lock.ts';
import { isWithin, newOwner, type Owner, parseOwner, readIfThere, runs } from './lock-owner.ts';

/** How long a holder that cannot be looked for may give no sign of life, in ms. */
const PATIENCE_MS = 20_000;
/** Between looks for one, in ms. */
const LOOK_MS = 250;

/** What systems say of a hard link that they cannot make (SMB, exFAT, FUSE, 9p, Android). */
const NO_LINK = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK'];

/** Another process that runs holds the lock. */
export class RunLockedError extends Error {
  override name = 'RunLockedError';
  /** Which, in words. */
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(`${path} is held by ${holder}`);
    this.holder = holder;
  }
}

export interface LockOptions {
  /** Told where it is to be found out, which takes a while, whether a holder of another container or machine lives. */
  onWait?: (holder: string, seconds: number) => void;
  /** Ends the wait for that. */
  signal?: AbortSignal;
  /** It is released at once. */
  brief?: boolean;
  /** Waits; a test may pass one that does not. */
  pause?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

/**
 * Takes the lock file at `path` for this process, also from one that is gone without having released it. Whether a
 * process of the same machine and PID namespace is gone is known at once; another's lock, of another container or
 * machine, counts as left behind once it has shown no sign of life for 20 s.
 *
 * @throws Locked where a process that runs has it, AbortError where `signal` aborts first, Error naming the path
 *   where it cannot be written
 */
export async function takeLock(path: string, options: LockOptions = {}): Promise<HeldLock> {
  const me = await newOwner();
  const own = `${path}.${me.id}`;
  try {
    await nodeFs.writeFile(own, lockText(me), { flag: 'wx' });
    while (!(await acquire(path, own, me, options)));
    return new HeldLock(path, me, options.brief);
  } catch (cause) {
    if (cause instanceof RunLockedError || options.signal?.aborted) throw cause;
    throw new Error(`cannot lock ${path}: ${(cause as Error).message}`, { cause });
  } finally {
    await nodeFs.rm(own, { force: true }).catch(() => {});
  }
}

/** Puts `own` at `path` where nothing or a dead process's lock is. @returns whether it did, or is to try again */
async function acquire(
  path: string,
  own: string,
  me: Owner,
  options: LockOptions,
): Promise<boolean> {
  if (await create(path, own)) return true;
  const dead = await leftBehind(path, me, options);
  if (dead === undefined) return false;
  // Only who holds this second lock replaces the first, or two could each replace the other's.
  const guard = await takeLock(`${path}.stale`, { ...options, brief: true });
  try {
    if ((await readIfThere(path)) !== dead) return false;
    await nodeFs.rename(own, path);
    return true;
  } finally {
    await guard.release();
  }
}

/** Puts `own` at `path` where nothing is. @returns whether nothing was */
async function create(path: string, own: string): Promise<boolean> {
  try {
    try {
      // It is there whole or not at all.
      await nodeFs.link(own, path);
    } catch (error) {
      if (!NO_LINK.includes(errorCode(error))) throw error;
      await nodeFs.writeFile(path, await nodeFs.readFile(own), { flag: 'wx' });
    }
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** @returns the text of a lock whose process is gone; undefined where there is none any more @throws Locked */
async function leftBehind(
  path: string,
  me: Owner,
  options: LockOptions,
): Promise<string | undefined> {
  const { onWait, signal, pause = wait } = options;
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const owner = parseOwner(text);
  if (owner && isWithin(owner, me)) {
    if (await runs(owner)) throw new RunLockedError(path, `process ${owner.pid}`);
    return text;
  }
  const holder = owner
    ? `process ${owner.pid} on ${owner.host} (another container or machine)`
    : 'a process that is writing the lock, or ended while it did';
  onWait?.(holder, PATIENCE_MS / 1000);
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    await pause(LOOK_MS, signal);
    const now = await readIfThere(path);
    if (now === text) continue;
    const same = owner?.id !== undefined && now !== undefined && parseOwner(now)?.id === owner.id;
    if (same) throw new RunLockedError(path, holder);
    return leftBehind(path, me, options);
  }
  return text;
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return timeout(ms, undefined, { signal });
}
