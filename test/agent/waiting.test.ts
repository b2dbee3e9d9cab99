import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventLine } from '../../src/agent/events/event-line.ts';
import type { TrainEvent } from '../../src/agent/events/events.ts';
import { readEvents } from '../../src/agent/events/events-log.ts';
import { train } from '../../src/agent/train/train.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';

it('a run says that it waits for a process of another container, and goes on once that has ended', async () => {
  const runDir = join(tempDir(), 'run');
  mkdirSync(runDir);
  const lock = join(runDir, 'run.lock');
  writeFileSync(lock, JSON.stringify({ pid: 1, boot: 'another', host: 'web-1', id: 'x' }));
  const reported: TrainEvent[] = [];
  const config = tinyConfig({ train: { totalSteps: 32 } });
  await train(config, {
    runDir,
    on: (event) => {
      reported.push(event);
      if (event.type === 'waiting') rmSync(lock);
    },
  });
  const line = `${lock} is locked by process 1 on web-1 (another container or machine); waiting at most 20 s to see whether that process still runs`;
  expect(reported.slice(0, 2)).toMatchObject([
    { type: 'waiting', message: line },
    { type: 'started' },
  ]);
  expect(eventLine(reported[0])).toBe(line);
  expect((await readEvents(join(runDir, 'events.jsonl')))[0]).toMatchObject(reported[0]);
});

it('and is left at once where it is aborted meanwhile', async () => {
  const runDir = join(tempDir(), 'run');
  mkdirSync(runDir);
  const lock = join(runDir, 'run.lock');
  writeFileSync(lock, JSON.stringify({ pid: 1, boot: 'another', host: 'web-1', id: 'x' }));
  const stop = new AbortController();
  const on = ({ type }: TrainEvent) => {
    if (type === 'waiting') stop.abort(new Error('enough'));
  };
  const config = tinyConfig({ train: { totalSteps: 32 } });
  await expect(train(config, { runDir, on, signal: stop.signal })).rejects.toThrow('enough');
  expect(readdirSync(runDir)).toContain('run.lock');
});
