import type * as nodeFs from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppendFile } from '../../../src/agent/run/index.ts';
import { disk } from '../../support/faulty-disk.ts';
import { tempDir } from '../../support/temp-dir.ts';

vi.mock('node:fs', async (original) => {
  const { onFaultyDisk } = await import('../../support/faulty-disk.ts');
  return onFaultyDisk(await original<typeof nodeFs>());
});
afterEach(() => disk.repair());

const newPath = () => join(tempDir(), 'lines');

describe('AppendFile', () => {
  it('holds what a full disk refuses, and goes on at that very byte', () => {
    const whole = 'one\ntwo\nthree\nfour\n';
    for (let room = 0; room <= whole.length; room++) {
      const path = newPath();
      const file = new AppendFile(path);
      disk.room = room;
      for (const line of ['one', 'two', 'three']) file.append(line);
      if (room < 'one\ntwo\nthree\n'.length) {
        expect(() => file.flush()).toThrow(`cannot write ${path}: ENOSPC`);
      }
      disk.room = Number.POSITIVE_INFINITY;
      file.append('four');
      file.sync();
      expect(readFileSync(path, 'utf8')).toBe(whole);
      file.close();
    }
  });

  it('is content where the file system cannot sync, and says where it fails to, or the file is gone', () => {
    const path = newPath();
    const file = new AppendFile(path);
    file.append('one');
    for (const code of ['EINVAL', 'ENOTSUP']) {
      disk.fault = (call) => (call === 'sync' ? code : undefined);
      file.sync();
    }
    disk.fault = (call) => (call === 'sync' ? 'EIO' : undefined);
    expect(() => file.sync()).toThrow(`cannot write ${path}: EIO`);
    disk.repair();
    expect(readFileSync(path, 'utf8')).toBe('one\n');
    rmSync(path);
    expect(() => file.sync()).toThrow(
      `cannot write ${path}: the file was deleted while it was written`,
    );
    file.close();
  });

  it('gives up the oldest beyond what it may hold, but none in part', () => {
    const path = newPath();
    const file = new AppendFile(path, { most: 2 });
    disk.room = 2;
    for (const line of ['one', 'two', 'three', 'four']) file.append(line);
    disk.room = Number.POSITIVE_INFINITY;
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('one\nfour\n');
  });

  it('closes the file though lines are held, and says so', () => {
    const path = newPath();
    const file = new AppendFile(path);
    disk.room = 0;
    file.append('one');
    expect(() => file.close()).toThrow(`cannot write ${path}: ENOSPC`);
    expect(() => file.truncate(0)).toThrow('EBADF');
  });

  it.each([
    ['', 'two\n'],
    ['one\n', 'one\ntwo\n'],
    ['one\nto', 'one\nto\ntwo\n'],
  ])('begins a line after %j', (before, after) => {
    const path = newPath();
    writeFileSync(path, before);
    const file = new AppendFile(path);
    file.endLine();
    file.append('two');
    file.close();
    expect(readFileSync(path, 'utf8')).toBe(after);
  });
});
