import * as nodeFs from 'node:fs/promises';
import { setTimeout as timeout } from 'node:timers/promises';
import { errorCode } from './atomic.ts';
import { HeldLock, lockText } from './held-lock.ts';
import { isWithin, newOwner, type Owner, parseOwner, readIfThere, runs } from './lock-owner.ts';

/** Milliseconds without a heartbeat after which a holder on another machine or in another container counts as dead. */
const PATIENCE_MS = 20_000;
/** Milliseconds between two looks for a heartbeat. */
const LOOK_MS = 250;

/** Error codes of file systems without hard links (SMB, exFAT, FUSE, 9p, Android). */
const NO_LINK = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK'];

/** A running process holds the lock. */
export class RunLockedError extends Error {
  override name = 'RunLockedError';
  /** A description of that process for messages. */
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(`${path} is held by ${holder}`);
    this.holder = holder;
  }
}

export interface LockOptions {
  /** Called before the wait for a heartbeat of a holder in another container or machine; `seconds` is the longest wait. */
  onWait?: (holder: string, seconds: number) => void;
  /** Aborts that wait. */
  signal?: AbortSignal;
  /** The caller releases the lock at once, so it needs no heartbeat. */
  brief?: boolean;
  /** Waits; a test may pass one that returns at once. */
  pause?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

/**
 * Takes the lock file at `path` for this process, also from a process that died without releasing it. A dead process
 * of the same machine and PID namespace is recognized at once; a holder in another container or on another machine
 * counts as dead after 20 s without a heartbeat.
 *
 * @throws RunLockedError where a running process holds it, AbortError where `signal` aborts first, Error naming the
 *   path where it cannot be written
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

/** Puts `own` at `path` where no lock or a dead process's lock is. @returns false where the caller must try again */
async function acquire(
  path: string,
  own: string,
  me: Owner,
  options: LockOptions,
): Promise<boolean> {
  if (await create(path, own)) return true;
  const dead = await leftBehind(path, me, options);
  if (dead === undefined) return false;
  // Without this second lock two processes could each replace the other's new lock.
  const guard = await takeLock(`${path}.stale`, { ...options, brief: true });
  try {
    if ((await readIfThere(path)) !== dead) return false;
    await nodeFs.rename(own, path);
    return true;
  } finally {
    await guard.release();
  }
}

/** Puts `own` at `path` where no file is. @returns false where a file is there */
async function create(path: string, own: string): Promise<boolean> {
  try {
    try {
      // A link makes the whole file appear at once.
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

/** @returns the text of a dead process's lock; undefined where the file is gone @throws RunLockedError */
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
