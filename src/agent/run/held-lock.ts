import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { errorCode } from './atomic.ts';
import { type Owner, parseOwner, readIfThere } from './lock-owner.ts';

/** Milliseconds between two heartbeats of a lock's holder. */
const BEAT_MS = 1000;
/** Every so many heartbeats the holder syncs the file, so that other machines see them over a network file system. */
const BEATS_A_SYNC = 5;
const DIGITS = 12;

/** Says that this process no longer holds its lock; the message gives the reason. */
export class LockLostError extends Error {
  override name = 'LockLostError';
}

/** The text of a lock file: its owner, then the count of heartbeats, which rises while the owner lives. */
export function lockText(owner: Owner): string {
  return `${JSON.stringify(owner)}\n${'0'.padStart(DIGITS)}\n`;
}

/** The heartbeat: a thread of its own, since updates block the others for longer; as text, to need no file at run time. */
const BEATING = `
  const { workerData: { file, at, digits, ms, sync } } = require('node:worker_threads');
  const { fdatasyncSync, writeSync } = require('node:fs');
  let count = 0;
  setInterval(() => {
    try {
      writeSync(file, String(++count).padStart(digits), at);
      if (count % sync === 0) fdatasyncSync(file);
    } catch {
      // One missed heartbeat does no harm; the next may succeed.
    }
  }, ms);
`;

/** A lock file of this process. */
export class HeldLock {
  readonly #path: string;
  readonly #owner: Owner & { id: string };
  readonly #file: number | undefined;
  readonly #beat: Worker | undefined;

  /** @param brief the caller releases the lock at once, so it needs no heartbeat */
  constructor(path: string, owner: Owner & { id: string }, brief = false) {
    this.#path = path;
    this.#owner = owner;
    if (brief) return;
    this.#file = openSync(path, 'r+');
    const at = Buffer.byteLength(lockText(owner)) - DIGITS - 1;
    const workerData = { file: this.#file, at, digits: DIGITS, ms: BEAT_MS, sync: BEATS_A_SYNC };
    this.#beat = new Worker(BEATING, { eval: true, execArgv: [], workerData });
    this.#beat.unref();
  }

  /** @throws LockLostError where the file is gone, or another's */
  check(): void {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      // Other errors do not show that the file is gone.
      if (!['ENOENT', 'ENOTDIR', 'ESTALE'].includes(errorCode(error))) return;
      throw new LockLostError(`${this.#path} is gone`);
    }
    const owner = parseOwner(text);
    if (owner === undefined || owner.id === this.#owner.id) return;
    throw new LockLostError(`${this.#path} now belongs to process ${owner.pid} on ${owner.host}`);
  }

  /** Deletes the file, unless another process owns it now. */
  async release(): Promise<void> {
    await this.#beat?.terminate();
    if (this.#file !== undefined) closeSync(this.#file);
    const text = await readIfThere(this.#path).catch(() => undefined);
    if (text !== undefined && parseOwner(text)?.id === this.#owner.id) {
      await rm(this.#path, { force: true });
    }
  }
}
