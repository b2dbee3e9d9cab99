import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/agent/common/errors.ts';
import { takeLock } from '../../src/agent/run/index.ts';
import { setRunAside } from '../../src/agent/run/set-run-aside.ts';
import { train } from '../../src/agent/train/train.ts';
import { tinyConfig } from '../support/tiny-config.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-overwrite-'));
});
afterAll(() => rm(dir, { recursive: true }));

const config = tinyConfig({ train: { totalSteps: 64 } });
const other = tinyConfig({ train: { totalSteps: 64, seed: 8 } });

const resolved = (runDir: string) => readFile(join(runDir, 'config.resolved.yaml'), 'utf8');

/** A run that has ended, with a file of the user's own beside what it wrote. */
async function finished(name: string): Promise<string> {
  const runDir = join(dir, name);
  await train(config, { runDir });
  await writeFile(join(runDir, 'notes.txt'), 'mine');
  return runDir;
}

describe('the same program run twice', () => {
  it('is told what it can ask for, before anything else is done', async () => {
    const runDir = await finished('twice');
    const never = () => {
      throw new Error('made');
    };
    const again = train(config, { runDir, env: never });
    await expect(again).rejects.toThrow(UsageError);
    await expect(again).rejects.toThrow(
      `${runDir} already holds a run: pass overwrite: true to replace it, resume: true to continue it, or another runDir`,
    );
  });

  it('replaces its run where it says overwrite, and leaves other files alone', async () => {
    const runDir = await finished('replaced');
    const before = await readFile(join(runDir, 'metrics.jsonl'), 'utf8');
    const first = (await readdir(runDir)).sort();
    await mkdir(join(runDir, '.replaced-by-one-that-was-killed'));

    const { envSteps: steps } = await train(other, { runDir, overwrite: true });
    expect(steps).toBeGreaterThanOrEqual(64);
    expect((await readdir(runDir)).sort()).toEqual(first);
    const lines = (text: string) => text.trim().split('\n').length;
    const after = await readFile(join(runDir, 'metrics.jsonl'), 'utf8');
    expect(after).not.toBe(before);
    expect(lines(after)).toBe(lines(before));
    expect(await resolved(runDir)).toMatch(/^ {2}seed: 8$/m);
    expect(await readFile(join(runDir, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('begins as ever where there is nothing to overwrite, and keeps what is not a run', async () => {
    const runDir = join(dir, 'mine');
    await mkdir(join(runDir, 'recordings'), { recursive: true });
    await writeFile(join(runDir, 'recordings', 'mine.txt'), 'mine');
    await train(config, { runDir, overwrite: true });
    expect(await readFile(join(runDir, 'recordings', 'mine.txt'), 'utf8')).toBe('mine');
  });
});

describe('overwrite leaves the run as it was', () => {
  it.each([
    ['the config is bad', { ...config, ppo: { epochs: 0 } }, {}, 'ppo.epochs: expected'],
    [
      'there is no such environment',
      { ...config, env: { ...config.env, id: 'No-v0' } },
      {},
      'env.id: expected the id of a built-in environment, one of KHop-v0, ',
    ],
    [
      'it cannot start from what it is to',
      { ...config, train: { totalSteps: 64, warmStart: 'no-such-run' } },
      {},
      'train.warmStart: no-such-run',
    ],
    [
      'it is asked to go on as well',
      config,
      { resume: true },
      'overwrite: not allowed together with resume',
    ],
  ])('where %s', async (_, bad, options, message) => {
    const runDir = join(dir, 'kept');
    if (!existsSync(runDir)) await train(config, { runDir });
    const before = [await resolved(runDir), await readdir(runDir)];
    const refused = train(bad, { ...options, runDir, overwrite: true });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
    expect([await resolved(runDir), await readdir(runDir)]).toEqual(before);
  });

  it('where a process trains there', async () => {
    const runDir = await finished('busy');
    const before = await readdir(runDir);
    const lock = await takeLock(join(runDir, 'run.lock'));
    await expect(train(other, { runDir, overwrite: true })).rejects.toThrow(
      `process ${process.pid} already trains there`,
    );
    await lock.release();
    expect(await readdir(runDir)).toEqual(before);
  });

  it('where it is killed before the new config is there: the old one begins anew', async () => {
    const runDir = await finished('killed');
    await setRunAside(runDir); // and no more
    const { envSteps: steps } = await train(config, { runDir, resume: true });
    expect(steps).toBeGreaterThanOrEqual(64);
    expect(steps).toBeLessThan(64 + config.env.count);
  });
});

it.each([
  ['', 'runDir: expected a directory, got an empty string'],
  [import.meta.filename, 'expected a directory for the run, found a file'],
])('a run directory %j is refused', async (runDir, message) => {
  const refused = train(config, { runDir });
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(message);
});

it.each([
  [{ overwite: true }, 'train: overwite: no such option; did you mean overwrite?'],
  [{ resume: 'yes' }, 'train: resume: expected true or false, got "yes"'],
  [{ env: {} }, 'train: env: expected a function, got an object'],
  [null, 'train: expected an object of options, got null'],
])('train refuses options that are none: %j', async (options, message) => {
  await expect(train(config, options as never)).rejects.toThrow(message);
});
