import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { errorCode } from './atomic.ts';
import { type Owner, parseOwner, readIfThere } from './lock-owner.ts';

/** Between two signs of life of a lock's holder, in ms. */
const BEAT_MS = 1000;
/** Signs of life between two that are on the disk at once, where a server of files shows them to other machines. */
const BEATS_A_SYNC = 5;
const DIGITS = 12;

/** A lock that was held is so no more; the message says what became of it. */
export class LockLostError extends Error {
  override name = 'LockLostError';
}

/** What a lock file says of its owner; the count at its end rises as long as that lives. */
export function lockText(owner: Owner): string {
  return `${JSON.stringify(owner)}\n${'0'.padStart(DIGITS)}\n`;
}

/** In a thread of its own, since updates keep the others for longer; as text, so that nothing has to be found and loaded. */
const BEATING = `
  const { workerData: { file, at, digits, ms, sync } } = require('node:worker_threads');
  const { fdatasyncSync, writeSync } = require('node:fs');
  let count = 0;
  setInterval(() => {
    try {
      writeSync(file, String(++count).padStart(digits), at);
      if (count % sync === 0) fdatasyncSync(file);
    } catch {
      // A sign that could not be given; the next may be.
    }
  }, ms);
`;

/** A lock file of this process. */
export class HeldLock {
  readonly #path: string;
  readonly #owner: Owner & { id: string };
  readonly #file: number | undefined;
  readonly #beat: Worker | undefined;

  /** @param brief it is released at once, so that nobody has to be shown that its holder lives */
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
      // What cannot be read now may well be there.
      if (!['ENOENT', 'ENOTDIR', 'ESTALE'].includes(errorCode(error))) return;
      throw new LockLostError(`${this.#path} is gone`);
    }
    const owner = parseOwner(text);
    if (owner === undefined || owner.id === this.#owner.id) return;
    throw new LockLostError(`${this.#path} now belongs to process ${owner.pid} on ${owner.host}`);
  }

  /** Another's is left where it is. */
  async release(): Promise<void> {
    await this.#beat?.terminate();
    if (this.#file !== undefined) closeSync(this.#file);
    const text = await readIfThere(this.#path).catch(() => undefined);
    if (text !== undefined && parseOwner(text)?.id === this.#owner.id) {
      await rm(this.#path, { force: true });
    }
  }
}
