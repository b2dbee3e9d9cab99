import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import type * as nodeFsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  LockLostError,
  type LockOptions,
  RunLockedError,
  takeLock,
} from '../../../src/agent/run/index.ts';
import { lockHolder } from '../../support/lock-holder.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Whether hard links can be made, and if not what the system says. */
let noLink: string | undefined;
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof nodeFsPromises>();
  return {
    ...fs,
    link: async (from: string, to: string) => {
      if (noLink === undefined) return fs.link(from, to);
      throw Object.assign(new Error(`${noLink}: injected, link`), { code: noLink });
    },
  };
});
afterEach(() => {
  noLink = undefined;
});

const newPath = () => join(tempDir(), 'run.lock');

/** A lock of this process, as its file has it: its owner, and the count at its end. */
async function lockFile(): Promise<[Record<string, unknown>, string]> {
  const path = newPath();
  const lock = await takeLock(path);
  const [owner, count] = readFileSync(path, 'utf8').split('\n');
  await lock.release();
  return [JSON.parse(owner), count];
}

/** Waits for no time at all, and does what happens in the meantime; how long it was in all, and what was told. */
function impatient(meanwhile: (waited: number) => void = () => {}) {
  const seen = { seconds: 0, reported: [] as [string, number][] };
  const options: LockOptions = {
    onWait: (holder, seconds) => seen.reported.push([holder, seconds]),
    pause: async (ms) => {
      seen.seconds += ms / 1000;
      meanwhile(seen.seconds);
    },
  };
  return { seen, options };
}

describe.each([undefined, 'ENOTSUP'])('a run lock (links: %s)', (code) => {
  const take = (path: string, options?: LockOptions) => {
    noLink = code;
    return takeLock(path, options);
  };

  it('is for one process at a time, and free once that is gone, however it went', async () => {
    const path = newPath();
    const child = await lockHolder(path);
    await expect(take(path)).rejects.toThrow(new RunLockedError(path, `process ${child.pid}`));
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(path)).toBe(true);
    const { seen, options } = impatient();
    const lock = await take(path, options);
    expect(seen).toEqual({ seconds: 0, reported: [] });
    await expect(take(path)).rejects.toThrow(new RunLockedError(path, `process ${process.pid}`));
    await lock.release();
    await (await take(path)).release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('goes to one of many that want to take it over at once', async () => {
    const [owner, count] = await lockFile();
    // The first number is the kernel's own.
    const dead = `${JSON.stringify({ ...owner, pid: 2 ** 22 + 1 })}\n${count}\n`;
    for (let round = 0; round < 10; round++) {
      const path = newPath();
      writeFileSync(path, dead);
      const tried = await Promise.allSettled(Array.from({ length: 10 }, () => take(path)));
      const refused = tried.filter((one) => one.status === 'rejected');
      expect(refused).toHaveLength(9);
      for (const { reason } of refused) expect(reason).toBeInstanceOf(RunLockedError);
      for (const one of tried) if (one.status === 'fulfilled') await one.value.release();
      expect(readdirSync(join(path, '..'))).toEqual([]);
    }
  });
});

describe('a lock that was left', () => {
  it('by a process whose number another has now is free at once', async (test) => {
    const [owner] = await lockFile();
    test.skip(owner.started === undefined, 'no /proc here');
    const path = newPath();
    writeFileSync(path, JSON.stringify({ ...owner, started: '1' }));
    const { seen, options } = impatient();
    await (await takeLock(path, options)).release();
    expect(seen.seconds).toBe(0);
  });

  const elsewhere = {
    'another container': { namespace: 'pid:[1]' },
    'another machine, or an earlier start of this one': { boot: 'another' },
  };
  for (const [where, place] of Object.entries(elsewhere)) {
    const text = (owner: object, count: number) =>
      `${JSON.stringify({ ...owner, ...place, id: 'x', host: 'web-1' })}\n${count}\n`;
    // That a process of this number runs here says nothing.
    const holder = `process ${process.pid} on web-1 (another container or machine)`;

    it(`in ${where} is taken once it has shown no sign of life for 20 s, which is said`, async () => {
      const path = newPath();
      writeFileSync(path, text((await lockFile())[0], 7));
      const { seen, options } = impatient();
      await (await takeLock(path, options)).release();
      expect(seen).toEqual({ seconds: 20, reported: [[holder, 20]] });
      expect(readdirSync(join(path, '..'))).toEqual([]);
    });

    it(`in ${where} is refused where its count rises meanwhile`, async () => {
      const path = newPath();
      const [owner] = await lockFile();
      writeFileSync(path, text(owner, 7));
      const { options } = impatient((waited) => {
        if (waited === 15) writeFileSync(path, text(owner, 8));
      });
      await expect(takeLock(path, options)).rejects.toThrow(new RunLockedError(path, holder));
      expect(readdirSync(join(path, '..'))).toEqual(['run.lock']);
    });

    it(`in ${where} is taken at once where that gives it back meanwhile`, async () => {
      const path = newPath();
      writeFileSync(path, text((await lockFile())[0], 7));
      const { seen, options } = impatient((waited) => waited === 3 && rmSync(path));
      await (await takeLock(path, options)).release();
      expect(seen.seconds).toBe(3);
    });
  }

  it('half written is taken, but only once nobody goes on writing it', async () => {
    const path = newPath();
    const [owner, count] = await lockFile();
    writeFileSync(path, '{"pid":');
    writeFileSync(`${path}.stale`, '');
    await (await takeLock(path, impatient().options)).release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
    // Where there are no links, a lock is empty for a moment.
    writeFileSync(path, '');
    const whole = () => writeFileSync(path, `${JSON.stringify(owner)}\n${count}\n`);
    const { options } = impatient(whole);
    await expect(takeLock(path, options)).rejects.toThrow(
      new RunLockedError(path, `process ${process.pid}`),
    );
  });

  it('is waited for no longer than is wanted', async () => {
    const path = newPath();
    writeFileSync(path, '');
    const ending = new AbortController();
    const waiting = takeLock(path, { signal: ending.signal, onWait: () => ending.abort() });
    await expect(waiting).rejects.toThrow(/abort/);
    expect(readdirSync(join(path, '..'))).toEqual(['run.lock']);
  });
});

describe('a lock that is held', () => {
  it('shows that its holder lives, though that does nothing but compute', async () => {
    const path = newPath();
    const lock = await takeLock(path);
    onTestFinished(() => lock.release());
    const count = () => Number(readFileSync(path, 'utf8').split('\n')[1]);
    expect(count()).toBe(0);
    // As an update does: this thread gets to nothing else.
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (count() === 0) Atomics.wait(cell, 0, 0, 50);
    expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0])).toMatchObject({
      pid: process.pid,
    });
    lock.check();
  });

  it('is known to be lost where it was deleted, or taken over, and another’s is left alone', async () => {
    const path = newPath();
    const lock = await takeLock(path);
    lock.check();
    writeFileSync(path, JSON.stringify({ pid: 7, host: 'web-1', id: 'x' }));
    expect(() => lock.check()).toThrow(
      new LockLostError(`${path} now belongs to process 7 on web-1`),
    );
    await lock.release();
    expect(existsSync(path)).toBe(true);
    rmSync(path);
    expect(() => lock.check()).toThrow(new LockLostError(`${path} is gone`));
  });

  it('that cannot be made says where and why', async () => {
    const path = join(tempDir(), 'none', 'run.lock');
    await expect(takeLock(path)).rejects.toThrow(`cannot lock ${path}: ENOENT`);
  });
});

describe('two containers with one volume', () => {
  const canUnshare = () => {
    try {
      execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  it('have one holder: a process with a PID namespace of its own is refused for ours, and ours for it', async (test) => {
    test.skip(!canUnshare(), 'no PID namespace can be made here');
    const path = newPath();
    const lock = await takeLock(path);
    await expect(lockHolder(path, ['unshare', '--pid', '--fork', '--mount-proc'])).rejects.toThrow(
      /RunLockedError: .*run.lock is held by process \d+ on \S+ \(another container or machine\)/,
    );
    await lock.release();
    await lockHolder(path, ['unshare', '--pid', '--fork', '--mount-proc']);
    const { pid } = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]);
    // It waits for the count to rise, whenever that is.
    const { options } = impatient();
    const risen = { ...options, pause: () => changed(path) };
    await expect(takeLock(path, risen)).rejects.toThrow(`is held by process ${pid} on `);
  });

  /** Once a file has been written to. */
  async function changed(path: string): Promise<void> {
    const watcher = watch(path);
    await once(watcher, 'change');
    watcher.close();
  }
});
