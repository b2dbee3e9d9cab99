import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSystem } from '../../../src/agent/run/atomic.ts';
import { writeDirAtomic, writeFileAtomic } from '../../../src/agent/run/index.ts';
import { entering } from '../../support/entering.ts';
import { faultyFs } from '../../support/faulty-fs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const names = (calls: string[]) =>
  calls.map((call) => {
    const [verb, path] = call.split(' ');
    return `${verb} ${basename(path).replace(/-\d+$/, '')}`;
  });

function readDir(dir: string) {
  return Object.fromEntries(
    readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
  );
}

describe('writeFileAtomic', () => {
  it('replaces the file and leaves nothing beside it', async () => {
    const dir = tempDir();
    const path = join(dir, 'a.json');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Uint8Array.of(116, 119, 111));
    expect(readDir(dir)).toEqual({ 'a.json': 'two' });
  });

  it('syncs the data before the rename and the directory after it', async () => {
    const dir = join(tempDir(), 'd');
    mkdirSync(dir);
    const { fs, calls } = faultyFs();
    await writeFileAtomic(join(dir, 'a'), 'x', fs);
    expect(names(calls)).toEqual([
      'open a.tmp',
      'write a.tmp',
      'sync a.tmp',
      'rename a.tmp',
      'open d',
      'sync d',
    ]);
  });

  it.each(['ENOSPC', 'EROFS'])(
    'keeps what was there at every %s before the rename',
    async (code) => {
      for (let failAt = 0; failAt < 4; failAt++) {
        const dir = tempDir();
        const path = join(dir, 'a.json');
        writeFileSync(path, 'before');
        await expect(writeFileAtomic(path, 'after', faultyFs(failAt, code).fs)).rejects.toThrow(
          `cannot write ${path}: ${code}: injected`,
        );
        expect(readDir(dir)).toEqual({ 'a.json': 'before' });
      }
    },
  );

  it('names the path where the directory does not exist', async () => {
    const path = join(tempDir(), 'none', 'a');
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow(`cannot write ${path}: ENOENT`);
  });
});

describe('a file system that cannot sync', () => {
  /** What fails of a sync, or of opening what is to be synced. */
  const without = (call: 'open' | 'sync', of: 'directory' | 'any', code: string): FileSystem => {
    const enter = (called: string, path: string) => {
      const meant = of === 'any' || statSync(path, { throwIfNoEntry: false })?.isDirectory();
      if (called === call && meant) throw Object.assign(new Error(`${code}: injected`), { code });
    };
    return entering(nodeFs, enter) as unknown as FileSystem;
  };

  it.each([
    ['sync', 'directory', 'EINVAL'],
    ['sync', 'directory', 'EPERM'],
    ['open', 'directory', 'EISDIR'],
    ['sync', 'any', 'ENOTSUP'],
    ['sync', 'any', 'ENOSYS'],
  ] as const)('is written to without (%s of %s: %s)', async (call, of, code) => {
    const dir = tempDir();
    const fs = without(call, of, code);
    await writeFileAtomic(join(dir, 'a'), 'x', fs);
    await writeDirAtomic(join(dir, 'd'), { b: 'y' }, fs);
    expect(readdirSync(dir)).toEqual(['a', 'd']);
    expect(readDir(join(dir, 'd'))).toEqual({ b: 'y' });
  });

  it('for another reason is named, with what could not be synced', async () => {
    const dir = tempDir();
    await expect(
      writeFileAtomic(join(dir, 'a'), 'x', without('sync', 'directory', 'EIO')),
    ).rejects.toThrow(`cannot sync the directory ${dir}: EIO: injected`);
  });
});

describe('writeDirAtomic', () => {
  const before = { a: 'before a', b: 'before b' };
  const after = { a: 'after a', c: 'after c' };

  it('writes all files, then syncs the parent', async () => {
    const parent = join(tempDir(), 'parent');
    mkdirSync(parent);
    const { fs, calls } = faultyFs();
    await writeDirAtomic(join(parent, 'd'), before, fs);
    expect(readDir(join(parent, 'd'))).toEqual(before);
    expect(names(calls).slice(-5)).toEqual([
      'open d.tmp',
      'sync d.tmp',
      'rename d.tmp',
      'open parent',
      'sync parent',
    ]);
  });

  it('replaces a directory of the same name', async () => {
    const parent = tempDir();
    await writeDirAtomic(join(parent, 'd'), before);
    await writeDirAtomic(join(parent, 'd'), after);
    expect(readdirSync(parent)).toEqual(['d']);
    expect(readDir(join(parent, 'd'))).toEqual(after);
  });

  it('is whole or absent at a failure of any call', async () => {
    const { fs, calls } = faultyFs();
    await writeDirAtomic(join(tempDir(), 'd'), after, fs);
    const renamed = names(calls).indexOf('rename d.tmp');
    for (let failAt = 0; failAt <= renamed; failAt++) {
      const parent = tempDir();
      const write = writeDirAtomic(join(parent, 'd'), after, faultyFs(failAt).fs);
      await expect(write).rejects.toThrow('ENOSPC: injected');
      expect(readdirSync(parent)).toEqual([]);
    }
  });

  it('replaces wholly or not at all, wherever a crash cuts it', async () => {
    const cutOff = new Set<string>();
    for (let failAt = 0, done = false; !done; failAt++) {
      const parent = tempDir();
      const dir = join(parent, 'd');
      await writeDirAtomic(dir, before);
      const { fs } = faultyFs(failAt, 'EIO', true);
      done = await writeDirAtomic(dir, after, fs).then(
        () => true,
        () => false,
      );
      const old = join(parent, `d.old-${process.pid}`);
      const found = readDir(existsSync(dir) ? dir : old);
      expect([before, after]).toContainEqual(found);
      cutOff.add(`${existsSync(dir) ? 'd' : 'old'} ${found.a}`);
    }
    expect([...cutOff].sort()).toEqual(['d after a', 'd before a', 'old before a']);
  });

  it('puts the old directory back where only the second rename fails', async () => {
    const parent = tempDir();
    const dir = join(parent, 'd');
    await writeDirAtomic(dir, before);
    const { fs, calls } = faultyFs();
    await writeDirAtomic(dir, before, fs);
    const second = names(calls).lastIndexOf('rename d.tmp');
    await expect(writeDirAtomic(dir, after, faultyFs(second, 'EIO').fs)).rejects.toThrow('EIO');
    expect(readdirSync(parent)).toEqual(['d']);
    expect(readDir(dir)).toEqual(before);
  });
});
