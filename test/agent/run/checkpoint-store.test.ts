import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSystem } from '../../../src/agent/run/atomic.ts';
import {
  type Checkpoint,
  CheckpointError,
  CheckpointStore,
  loadCheckpoint,
} from '../../../src/agent/run/index.ts';
import { faultyFs } from '../../support/faulty-fs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const FILES = ['weights.safetensors', 'optimizer.safetensors', 'state.json', 'manifest.json'];

const checkpoint = (step: number, mark = step): Checkpoint => ({
  step,
  weights: { w: { shape: [2], data: Float32Array.of(mark, -0) } },
  optimizer: { 'w/m': { shape: [2], data: Float32Array.of(0.5, Number.NaN) } },
  state: { mark, best: Number.NEGATIVE_INFINITY, tiny: 5e-324, zero: -0, rng: [1, 2, 4294967295] },
});

const newStore = () => new CheckpointStore(join(tempDir(), 'run', 'checkpoints'));

describe('CheckpointStore', () => {
  it('loads what it saved, every number exactly', async () => {
    const store = newStore();
    const dir = await store.save(checkpoint(300));
    expect(dir).toBe(join(store.dir, 'step-300'));
    expect(await store.load(dir)).toStrictEqual(checkpoint(300));
    expect(readdirSync(dir).sort()).toEqual([...FILES].sort());
  });

  it('writes the sizes and hashes of the files into the manifest', async () => {
    const dir = await newStore().save(checkpoint(1));
    const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).toMatchObject({ version: 2, step: 1, createdBy: `pondera ${version}` });
    for (const name of FILES.slice(0, 3)) {
      const bytes = readFileSync(join(dir, name));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(manifest.files[name]).toEqual({ size: bytes.length, sha256 });
    }
  });

  it('lists by step, not by name, and finds the latest', async () => {
    const store = newStore();
    expect(await store.list()).toEqual([]);
    expect(await store.latest()).toBeUndefined();
    for (const step of [1000, 20, 300]) await store.save(checkpoint(step));
    expect((await store.list()).map(({ step }) => step)).toEqual([20, 300, 1000]);
    expect(await store.latest()).toBe(join(store.dir, 'step-1000'));
    expect((await store.load('latest')).step).toBe(1000);
  });

  it('keeps a pointer to the best one', async () => {
    const store = newStore();
    await store.save(checkpoint(1));
    await store.save(checkpoint(2));
    expect(await store.best()).toBeUndefined();
    await store.markBest(1);
    expect(await store.best()).toBe(join(store.dir, 'step-1'));
    expect((await store.load('best')).step).toBe(1);
    await store.markBest(2);
    expect((await new CheckpointStore(store.dir).load('best')).step).toBe(2);
  });

  it('prunes all but the newest and the best', async () => {
    const store = newStore();
    for (let step = 1; step <= 6; step++) await store.save(checkpoint(step));
    await store.markBest(2);
    await store.prune({ keepLast: 2 });
    expect((await store.list()).map(({ step }) => step)).toEqual([2, 5, 6]);
    await store.prune({ keepLast: 1 });
    expect(readdirSync(store.dir).sort()).toEqual(['best.json', 'step-2', 'step-6']);
    await expect(store.prune({ keepLast: 0 })).rejects.toThrow('keepLast: expected an integer ≥ 1');
  });

  it('keeps the first at or past each milestone for ever', async () => {
    const store = newStore();
    for (let step = 4; step <= 40; step += 4) {
      await store.save(checkpoint(step));
      await store.prune({ keepLast: 1, milestoneSteps: 10 });
    }
    expect((await store.list()).map(({ step }) => step)).toEqual([12, 20, 32, 40]);
  });

  it('settles which is the best after a crash, or damage, has left it open', async () => {
    const store = newStore();
    for (const step of [1, 2, 3]) await store.save(checkpoint(step));
    const best = async () => (await store.best())?.slice(-1);
    await store.settleBest(undefined);
    expect(await best()).toBe(undefined);
    await store.settleBest(2);
    expect(await best()).toBe('2');
    // Not there, as where its save failed: the one before stands.
    await store.settleBest(9);
    expect(await best()).toBe('2');
    writeFileSync(join(store.dir, 'best.json'), '{"st');
    await expect(store.best()).rejects.toThrow('best.json is damaged');
    await store.settleBest(3);
    expect(await best()).toBe('3');
    rmSync(join(store.dir, 'step-3'), { recursive: true });
    await expect(store.best()).rejects.toThrow('step-3 does not exist');
    await store.settleBest(9);
    expect(await best()).toBe(undefined);
  });

  it('replaces a checkpoint of the same step', async () => {
    const store = newStore();
    await store.save(checkpoint(1, 10));
    await store.save(checkpoint(1, 20));
    expect(await store.load('latest')).toStrictEqual(checkpoint(1, 20));
    expect(readdirSync(store.dir)).toEqual(['step-1']);
  });

  it.each(['ENOSPC', 'EROFS'])('loses nothing to %s at any call of a save', async (code) => {
    const { fs, calls } = faultyFs();
    const clean = new CheckpointStore(join(tempDir(), 'checkpoints'), fs);
    await clean.save(checkpoint(2));
    const renamed = calls.findIndex((call) => call.startsWith('rename'));
    for (let failAt = 0; failAt <= renamed; failAt++) {
      const store = newStore();
      await store.save(checkpoint(1));
      const failing = new CheckpointStore(store.dir, faultyFs(failAt, code).fs);
      await expect(failing.save(checkpoint(2))).rejects.toThrow(`${code}: injected`);
      expect((await store.list()).map(({ step }) => step)).toEqual([1]);
      expect(await store.load('latest')).toStrictEqual(checkpoint(1));
      expect(await failing.save(checkpoint(2))).toBe(join(store.dir, 'step-2'));
      expect(await store.load('latest')).toStrictEqual(checkpoint(2));
    }
  });

  it('keeps the old pointer where the new one cannot be written', async () => {
    const store = newStore();
    await store.save(checkpoint(1));
    await store.save(checkpoint(2));
    await store.markBest(1);
    const failing = new CheckpointStore(store.dir, faultyFs(1).fs);
    await expect(failing.markBest(2)).rejects.toThrow('best.json: ENOSPC');
    expect((await store.load('best')).step).toBe(1);
  });

  it('sees no unfinished checkpoint, and sweeps it at the next save', async () => {
    const store = newStore();
    await store.save(checkpoint(1));
    for (const name of ['step-9.tmp-77', 'step-1.old-77']) mkdirSync(join(store.dir, name));
    writeFileSync(join(store.dir, 'best.json.tmp-77'), '{');
    expect((await store.list()).map(({ step }) => step)).toEqual([1]);
    await new CheckpointStore(store.dir).save(checkpoint(2));
    expect(readdirSync(store.dir).sort()).toEqual(['step-1', 'step-2']);
  });

  it('finds a checkpoint that a crash left moved aside, and puts it back', async () => {
    const store = newStore();
    const dir = await store.save(checkpoint(5));
    renameSync(dir, `${dir}.old-77`);
    expect(await store.load('latest')).toStrictEqual(checkpoint(5));
    await new CheckpointStore(store.dir).save(checkpoint(6));
    expect(readdirSync(store.dir).sort()).toEqual(['step-5', 'step-6']);
  });

  it('refuses to mark or save what makes no sense', async () => {
    const store = newStore();
    await expect(store.markBest(3)).rejects.toThrow(/step-3 does not exist/);
    await expect(store.save(checkpoint(-1))).rejects.toThrow(
      'step: expected an integer ≥ 0, got -1',
    );
    await expect(store.save({ ...checkpoint(1), state: { a: [Number.NaN] } })).rejects.toThrow(
      'state.a[0]: expected a number, got NaN',
    );
    await expect(store.load('latest')).rejects.toThrow(`no latest checkpoint in ${store.dir}`);
    await expect(store.load('best')).rejects.toThrow(`no best checkpoint in ${store.dir}`);
  });

  it('says so where the best one was deleted', async () => {
    const store = newStore();
    const dir = await store.save(checkpoint(1));
    await store.markBest(1);
    rmSync(dir, { recursive: true });
    await expect(store.load('best')).rejects.toThrow(`${dir} does not exist`);
  });
});

/** Replaces a file of a checkpoint by one that its manifest vouches for. */
function rewrite(dir: string, name: string, text: string): void {
  const hash = (data: string) => createHash('sha256').update(data).digest('hex');
  const path = join(dir, 'manifest.json');
  const { sha256: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  manifest.files[name] = { size: text.length, sha256: hash(text) };
  const sealed = { ...manifest, sha256: hash(JSON.stringify(manifest)) };
  writeFileSync(path, JSON.stringify(sealed));
  writeFileSync(join(dir, name), text);
}

describe('a checkpoint is read back as it is written', () => {
  /** A disk that says it wrote what it did not: one bit of a file is another. */
  const lyingDisk = (name: string): FileSystem => ({
    ...nodeFs,
    open: (async (path: string, flags: string) => {
      const file = await nodeFs.open(path, flags);
      const write = file.writeFile.bind(file);
      file.writeFile = async (data) => {
        const bytes = Buffer.from(data as Uint8Array);
        if (path.endsWith(name)) bytes[bytes.length >> 1] ^= 1;
        return write(bytes);
      };
      return file;
    }) as FileSystem['open'],
  });

  it.each(FILES)('and does not appear where a bit of %s came out as another', async (name) => {
    const store = newStore();
    await store.save(checkpoint(1));
    const lying = new CheckpointStore(store.dir, lyingDisk(name));
    const path = join(store.dir, 'step-2');
    const failure = await lying.save(checkpoint(2)).catch((error) => error);
    expect(failure.message).toMatch(`cannot write ${path}: `);
    expect(failure.message).toContain(name);
    expect(failure.message).toMatch(/(is altered|is damaged).*what was there is untouched$/s);
    expect(readdirSync(store.dir)).toEqual(['step-1']);
    await expect(lying.save(checkpoint(1, 5))).rejects.toThrow('what was there is untouched');
    expect(await store.load('latest')).toStrictEqual(checkpoint(1));
  });
});

describe('a checkpoint whose hashes are right and that cannot be read', () => {
  it.each([
    ['state.json', '[,10,10]\n'],
    ['weights.safetensors', '{}'],
  ])('for its %s is set aside as one that is damaged', async (name, text) => {
    const store = newStore();
    await store.save(checkpoint(1));
    const dir = await store.save(checkpoint(2));
    rewrite(dir, name, text);
    await expect(store.load('latest')).rejects.toThrow(CheckpointError);
    const message = expect.stringContaining(`${join(dir, name)} cannot be read: `);
    const reported: string[] = [];
    const readable = await store.loadReadable(undefined, (message) => reported.push(message));
    expect([readable, reported]).toEqual([checkpoint(1), [message]]);
    expect(reported[0]).toMatch(/; used: step-1$/);
    const { checkpoint: recovered, damaged } = await store.recover();
    expect(recovered).toStrictEqual(checkpoint(1));
    const path = join(store.dir, `damaged-step-2`);
    expect(damaged).toEqual([{ path, message }]);
  });
});

describe('loadReadable', () => {
  const nothing = () => expect.unreachable();

  it('takes the best, the latest where there is none, or the one that was asked for', async () => {
    const store = newStore();
    for (const step of [1, 2, 3]) await store.save(checkpoint(step));
    expect((await store.loadReadable(undefined, nothing)).step).toBe(3);
    await expect(store.loadReadable('best', nothing)).rejects.toThrow('no best checkpoint in');
    await store.markBest(2);
    expect((await store.loadReadable(undefined, nothing)).step).toBe(2);
    expect((await store.loadReadable('best', nothing)).step).toBe(2);
    expect((await store.loadReadable('latest', nothing)).step).toBe(3);
  });

  it('in place of the best takes the newest where the best, or its mark, is damaged or gone', async () => {
    const store = newStore();
    for (const step of [1, 2, 3]) await store.save(checkpoint(step));
    await store.markBest(1);
    const used = async () => {
      const reported: string[] = [];
      const { step } = await store.loadReadable('best', (message) => reported.push(message));
      expect(reported[0]).toMatch(/; used: step-3$/);
      return [step, reported[0]];
    };
    writeFileSync(join(store.dir, 'step-1', 'state.json'), '');
    expect(await used()).toEqual([3, expect.stringContaining('state.json is truncated')]);
    rmSync(join(store.dir, 'step-1'), { recursive: true });
    expect(await used()).toEqual([3, expect.stringContaining('step-1 does not exist')]);
    writeFileSync(join(store.dir, 'best.json'), '{');
    expect(await used()).toEqual([3, expect.stringContaining('best.json is damaged')]);
  });

  it('says so where there is none, and passes over none that is too new', async () => {
    const store = newStore();
    await expect(store.loadReadable(undefined, nothing)).rejects.toThrow('no latest checkpoint in');
    await store.save(checkpoint(1));
    const dir = await store.save(checkpoint(2));
    writeFileSync(join(dir, 'manifest.json'), '{"version":3}');
    await expect(store.loadReadable(undefined, nothing)).rejects.toThrow(
      'expected a checkpoint format of at most 2, got 3',
    );
  });
});

describe('loadCheckpoint', () => {
  const saved = () => newStore().save(checkpoint(7));

  it.each(FILES)('names %s where it is missing', async (name) => {
    const dir = await saved();
    rmSync(join(dir, name));
    await expect(loadCheckpoint(dir)).rejects.toThrow(CheckpointError);
    await expect(loadCheckpoint(dir)).rejects.toThrow(
      name === 'manifest.json'
        ? `${dir}: expected a checkpoint, found no manifest.json`
        : `${join(dir, name)} is missing`,
    );
  });

  it.each(FILES)('names %s at every single truncation', async (name) => {
    const dir = await saved();
    const path = join(dir, name);
    const bytes = readFileSync(path);
    for (let size = 0; size < bytes.length - 1; size += 7) {
      writeFileSync(path, bytes.subarray(0, size));
      await expect(loadCheckpoint(dir)).rejects.toThrow(
        name === 'manifest.json'
          ? `${path} is damaged`
          : `${path} is truncated: expected ${bytes.length} bytes, got ${size}`,
      );
    }
  });

  it.each(FILES.slice(0, 3))('tells any altered byte of %s by its hash', async (name) => {
    const dir = await saved();
    const path = join(dir, name);
    const bytes = readFileSync(path);
    const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
    for (let i = 0; i < bytes.length; i += 11) {
      const altered = Uint8Array.from(bytes);
      altered[i] ^= 1;
      writeFileSync(path, altered);
      await expect(loadCheckpoint(dir)).rejects.toThrow(
        `${path} is altered: expected sha256 ${hash(bytes)}, got ${hash(altered)}`,
      );
    }
    writeFileSync(path, Buffer.concat([bytes, Buffer.of(0)]));
    await expect(loadCheckpoint(dir)).rejects.toThrow(`${path} is altered: expected`);
  });

  it('refuses a newer format by its version, whatever else has changed', async () => {
    const dir = await saved();
    const path = join(dir, 'manifest.json');
    writeFileSync(path, JSON.stringify({ version: 3, shards: [] }));
    await expect(loadCheckpoint(dir)).rejects.toThrow(
      `${path}: expected a checkpoint format of at most 2, got 3; update Pondera`,
    );
  });

  it('names what a manifest lacks', async () => {
    const dir = await saved();
    writeFileSync(join(dir, 'manifest.json'), '{"version":1,"step":7,"createdBy":"x","files":{}}');
    await expect(loadCheckpoint(dir)).rejects.toThrow(
      /damaged: [\s\S]*files\["?weights\.safetensors/,
    );
  });

  it('says that a directory that is not there is no checkpoint', async () => {
    const dir = join(tempDir(), 'step-1');
    expect(existsSync(dir)).toBe(false);
    await expect(loadCheckpoint(dir)).rejects.toThrow(
      `${dir}: expected a checkpoint, found no manifest.json`,
    );
  });
});
