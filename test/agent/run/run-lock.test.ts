import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Locked, takeLock } from '../../../src/agent/run/index.ts';
import { lockHolder } from './lock-holder.ts';
import { tempDir } from './temp-dir.ts';

const newPath = () => join(tempDir(), 'run.lock');

/** This process, as a lock names it. */
async function owner(): Promise<Record<string, unknown>> {
  const path = newPath();
  const release = await takeLock(path);
  const found = JSON.parse(readFileSync(path, 'utf8'));
  await release();
  return found;
}

describe('a run lock', () => {
  it('is for one process at a time, and free once that is gone, however it went', async () => {
    const path = newPath();
    const child = await lockHolder(path);
    await expect(takeLock(path)).rejects.toThrow(new Locked(path, child.pid!));
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(path)).toBe(true);
    const release = await takeLock(path);
    await expect(takeLock(path)).rejects.toThrow(new Locked(path, process.pid));
    await release();
    await (await takeLock(path))();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('is not held by a process that has only the number of its owner', async (test) => {
    const here = await owner();
    test.skip(here.started === undefined, 'no /proc here');
    for (const other of [
      { ...here, started: '1' },
      { ...here, boot: 'another start of the machine' },
    ]) {
      const path = newPath();
      writeFileSync(path, JSON.stringify(other));
      await (await takeLock(path))();
    }
    const path = newPath();
    writeFileSync(path, JSON.stringify(here));
    await expect(takeLock(path)).rejects.toThrow(Locked);
  });

  it('is taken from a machine that stopped while it wrote it, or while it took it over', async () => {
    const path = newPath();
    writeFileSync(path, '{"pid":');
    writeFileSync(`${path}.stale`, '');
    await (await takeLock(path))();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('goes to one of many that want to take it over at once', async () => {
    const dead = JSON.stringify({ ...(await owner()), boot: 'another start of the machine' });
    for (let round = 0; round < 20; round++) {
      const path = newPath();
      writeFileSync(path, dead);
      const tried = await Promise.allSettled(Array.from({ length: 10 }, () => takeLock(path)));
      const refused = tried.filter((one) => one.status === 'rejected');
      expect(refused).toHaveLength(9);
      for (const { reason } of refused) expect(reason).toBeInstanceOf(Locked);
    }
  });
});
