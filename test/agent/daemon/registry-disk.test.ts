import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { RunRegistry, readRegistry } from '../../../src/agent/daemon/run-registry.ts';
import { disk } from '../../support/faulty-disk.ts';
import { tempDir } from '../../support/temp-dir.ts';

vi.mock('node:fs', async (original) => {
  const { onFaultyDisk } = await import('../../support/faulty-disk.ts');
  return onFaultyDisk(await original());
});
afterEach(() => disk.repair());

const entry = (run: string) => {
  return { time: new Date(0).toISOString(), run, state: 'queued', file: `${run}.yaml` } as const;
};

it('a registry that a full disk refuses holds, says so, and is whole once there is room', async () => {
  const path = join(tempDir(), 'registry.jsonl');
  const { registry } = await RunRegistry.open(path);
  registry.set(entry('one'));
  expect(registry.problem).toBeUndefined();

  disk.room = 10;
  registry.set(entry('two'));
  expect(registry.problem).toContain('ENOSPC');
  expect([...registry.entries.keys()]).toEqual(['one', 'two']);
  // What a crash would leave now is a torn last line.
  expect(await readRegistry(path)).toMatchObject({
    entries: new Map([['one', entry('one')]]),
    damagedLines: [],
  });

  disk.repair();
  registry.flush();
  expect(registry.problem).toBeUndefined();
  registry.close();
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).run),
  ).toEqual(['one', 'two']);
});

it('a registry on a disk that became read-only says so', async () => {
  const { registry } = await RunRegistry.open(join(tempDir(), 'registry.jsonl'));
  disk.fault = (call) => (call === 'write' ? 'EROFS' : undefined);
  registry.set(entry('one'));
  expect(registry.problem).toContain('EROFS');
});
