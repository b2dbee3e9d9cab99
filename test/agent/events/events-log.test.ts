import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/agent/common/errors.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { EventsLog, readEvents } from '../../../src/agent/events/events-log.ts';
import { readMetrics } from '../../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../../src/agent/train/train.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { lockHolder } from '../../support/lock-holder.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** A clock of the day that goes on by a minute each time it is read. */
function minutes() {
  let now = Date.UTC(2026, 0, 1);
  return { now: () => (now += 60_000), monotonic: () => performance.now() };
}

const released = (update: number): TrainEvent => {
  return { type: 'released', update, envSteps: 10, reason: 'plateau', price: 0.1 };
};

describe('events.jsonl', () => {
  it('has every event of a run but its updates, over all its sessions, with its time', async () => {
    const runDir = tempDir();
    const reported: TrainEvent[] = [];
    const session = async (options: TrainOptions) => {
      const controller = new AbortController();
      const on = (event: TrainEvent) => {
        if (event.type !== 'updated') reported.push(event);
        else if (event.metrics.update === 2) controller.abort();
      };
      await train(tinyConfig(), {
        runDir,
        on,
        signal: controller.signal,
        clock: minutes(),
        ...options,
      });
    };
    await session({});
    await session({ resume: true });
    const logged = await readEvents(join(runDir, 'events.jsonl'));
    expect(logged.map(({ time: _, ...event }) => event)).toEqual(
      JSON.parse(JSON.stringify(reported)),
    );
    expect(logged.map(({ type }) => type).filter((type) => type === 'started')).toHaveLength(2);
    expect(logged[0].time).toBe('2026-01-01T00:01:00.000Z');
    expect(logged[1].time > logged[0].time).toBe(true);
    const times = await readMetrics(join(runDir, 'metrics.jsonl'));
    expect((times[0].timing as { time: string }).time).toMatch(/^2026-01-01T00:0\d:00.000Z$/);
  });

  it('says why a run failed', async () => {
    const runDir = tempDir();
    const on = () => {
      throw new Error('no more');
    };
    await expect(train(tinyConfig(), { runDir, on })).rejects.toThrow('no more');
    const events = await readEvents(join(runDir, 'events.jsonl'));
    expect(events.map(({ type }) => type)).toEqual(['started', 'failed']);
    expect(events[1]).toMatchObject({ message: 'no more' });
  });

  it('keeps what was told before there was a file, and goes on after a torn line', async () => {
    const path = join(tempDir(), 'events.jsonl');
    for (const update of [1, 2]) {
      const log = new EventsLog(minutes());
      log.append(released(update));
      log.open(path);
      log.append(released(update + 10));
      log.close();
      appendFileSync(path, '{"time":"2026');
    }
    expect((await readEvents(path)).map((event) => 'update' in event && event.update)).toEqual([
      1, 11, 2, 12,
    ]);
    expect(await readEvents(`${path}.none`)).toEqual([]);
  });
});

describe('a run directory', () => {
  it('in which another process trains is refused, and left as it is', async () => {
    const runDir = tempDir();
    const { pid } = await lockHolder(join(runDir, 'run.lock'));
    const refused = train(tinyConfig(), { runDir });
    await expect(refused).rejects.toThrow(
      new UsageError(`${runDir}: process ${pid} already trains there`),
    );
    expect(readdirSync(runDir)).toEqual(['run.lock']);
  });

  it('is free again after a run, also after one that failed', async () => {
    const runDir = tempDir();
    const on = () => {
      throw new Error('no more');
    };
    await expect(train(tinyConfig(), { runDir, on })).rejects.toThrow('no more');
    expect(readdirSync(runDir)).not.toContain('run.lock');
    await train(tinyConfig(), { runDir, resume: true });
    expect(readdirSync(runDir)).not.toContain('run.lock');
  });
});
