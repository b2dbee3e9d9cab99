import type * as nodeFs from 'node:fs';
import { cpSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type * as nodeFsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RunError } from '../../../src/agent/common/errors.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { readEvents } from '../../../src/agent/events/events-log.ts';
import { CheckpointStore, readMetrics } from '../../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../../src/agent/train/train.ts';
import type { Env, Step } from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import breakingEnv from '../../support/breaking-env.ts';
import { disk } from '../../support/faulty-disk.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

vi.mock('node:fs', async (original) => {
  const { onFaultyDisk } = await import('../../support/faulty-disk.ts');
  return onFaultyDisk(await original<typeof nodeFs>());
});
vi.mock('node:fs/promises', async (original) => {
  const { promisesOnFaultyDisk } = await import('../../support/faulty-disk.ts');
  return promisesOnFaultyDisk(await original<typeof nodeFsPromises>());
});
beforeAll(async () => {
  await loadBackend('simd');
});
afterEach(() => disk.repair());

const NEVER = 1_000_000;

/** A run without evaluations, saved by time alone, unless `input` says otherwise. */
function timedConfig(seconds: number, updates: number, input: Partial<ConfigInput> = {}) {
  return tinyConfig({
    ...input,
    evaluation: { everyUpdates: NEVER, episodes: 2, forcedEpisodes: 0, ...input.evaluation },
    checkpoint: { everyUpdates: NEVER, everySeconds: seconds, ...input.checkpoint },
    // Thoughts of one depth end together, so that each rollout has 32 decisions.
    halting: { rule: 'fixed' },
    train: { totalSteps: 32 * updates },
  });
}

/** Trains with a clock on which each update takes a minute, and a second more. */
async function trainByTheMinute(
  config: ReturnType<typeof tinyConfig>,
  { now, ...options }: TrainOptions & { now?: () => number },
) {
  let ms = 0;
  const reported: TrainEvent[] = [];
  const clock = { now: now ?? (() => ms), monotonic: () => ms };
  const on = (event: TrainEvent) => {
    if (event.type === 'updated') ms += 61_000;
    reported.push(event);
    options.on?.(event);
  };
  const ended = await train(config, { ...options, clock, on }).catch((error) => error);
  return { reported, ended };
}

const updatesOf = (reported: TrainEvent[], type: TrainEvent['type']) =>
  reported.flatMap((event) => (event.type === type && 'update' in event ? [event.update] : []));

/** What a run has left, but for what depends on clocks. */
async function remains(runDir: string) {
  const store = new CheckpointStore(join(runDir, 'checkpoints'));
  const { state, ...checkpoint } = await store.load('latest');
  const { elapsed: _, ...rest } = state as Record<string, unknown>;
  const metrics = await readMetrics(join(runDir, 'metrics.jsonl'));
  const best = (await store.best())?.replace(store.dir, '');
  return { best, checkpoint, state: rest, metrics: metrics.map(({ timing: __, ...m }) => m) };
}

describe('checkpoints by time', () => {
  it('come once that much has passed since the last, and change nothing that is learned', async () => {
    const [rare, often] = [tempDir(), tempDir()];
    const never = await trainByTheMinute(timedConfig(NEVER, 8), { runDir: rare });
    expect(updatesOf(never.reported, 'checkpointed')).toEqual([8]);
    const timed = await trainByTheMinute(timedConfig(150, 8), { runDir: often });
    expect(updatesOf(timed.reported, 'checkpointed')).toEqual([3, 6, 8]);
    expect(await remains(often)).toEqual(await remains(rare));
  });

  it('are counted from the last one by updates too', async () => {
    const config = timedConfig(150, 8, { checkpoint: { everyUpdates: 4 } });
    const { reported } = await trainByTheMinute(config, { runDir: tempDir() });
    expect(updatesOf(reported, 'checkpointed')).toEqual([3, 4, 7, 8]);
  });

  it('are as many, and so are the times, where the clock of the day jumps', async () => {
    const [steady, jumping] = [tempDir(), tempDir()];
    await trainByTheMinute(timedConfig(150, 8), { runDir: steady });
    const hours = 3_600_000;
    let reads = 0;
    // Days ahead and back again, between any two looks at it.
    const now = () => Date.UTC(2026, 0, 1) + (reads++ % 2 === 0 ? 90 : -70) * hours;
    const controller = new AbortController();
    const on = (event: TrainEvent) => {
      if (event.type === 'updated' && event.metrics.update === 4) controller.abort();
    };
    const { signal } = controller;
    const options = { runDir: jumping, now };
    const first = await trainByTheMinute(timedConfig(150, 8), { ...options, signal, on });
    const { reported } = await trainByTheMinute(timedConfig(150, 8), { ...options, resume: true });
    expect(updatesOf(first.reported, 'checkpointed')).toEqual([3, 4]);
    expect(updatesOf(reported, 'checkpointed')).toEqual([7, 8]);
    expect(await remains(jumping)).toEqual(await remains(steady));
    const timings = (await readMetrics(join(jumping, 'metrics.jsonl'))).map(({ timing }) => timing);
    const lasted = timings.map((timing) => (timing as { seconds: number }).seconds);
    // A resumed session counts from its beginning, and the first minute of either is in no update before.
    expect(lasted).toEqual([0, 61, 61, 61, 0, 61, 61, 61]);
    for (const value of timings.flatMap((timing) => Object.values(timing as object))) {
      if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
    }
    // TensorBoard reads the files of the two sessions in the order of their names.
    const files = readdirSync(join(jumping, 'tensorboard')).sort();
    expect(files).toHaveLength(2);
    const size = (name: string) => Number(/tfevents\.(\d+)/.exec(name)![1]);
    expect(size(files[1])).toBeGreaterThan(size(files[0]));
  });
});

describe('a save that fails', () => {
  /** Pays more and more, so that each evaluation is the best. */
  function rising() {
    let steps = 0;
    return (): Env => {
      const env = breakingEnv({});
      return { ...env, step: (action) => ({ ...(env.step(action) as Step), reward: steps++ }) };
    };
  }

  it('at any of its calls costs that checkpoint alone: nothing is damaged, lost or learned otherwise', async () => {
    // An even update's save fails at one call of it; the next finds a sound disk.
    const updates = 130;
    const input = { evaluation: { everyUpdates: 1 }, checkpoint: { keep: 2, milestoneSteps: 320 } };
    const config = timedConfig(60, updates, input);
    const [whole, runDir, copies] = [tempDir(), tempDir(), tempDir()];
    await trainByTheMinute(config, { runDir: whole, env: rising() });

    let update = 0;
    let call = 0;
    const faults = new Map<number, string>();
    const hit = new Map<number, string>();
    disk.fault = (name, path) => {
      const counts = /checkpoints|metrics.jsonl|tensorboard/.test(path) && path.startsWith(runDir);
      if (!counts || update % 2 === 1 || 2 * call++ !== update - 2) return undefined;
      const code = update % 4 === 0 ? 'ENOSPC' : 'EROFS';
      faults.set(update, `${code}: injected, ${name}`);
      hit.set(update, `${name} ${path}`);
      return code;
    };
    const { reported } = await trainByTheMinute(config, {
      runDir,
      env: rising(),
      on: (event) => {
        if (event.type === 'updated') [update, call] = [event.metrics.update, 0];
        if (event.type !== 'save-failed') return;
        expect(event).toMatchObject({ consecutive: 1 });
        expect(event.reason).toContain(faults.get(event.update));
        cpSync(join(runDir, 'checkpoints'), join(copies, `${event.update}`), { recursive: true });
      },
    });
    disk.repair();
    // More updates than a save has calls, so that each had its turn.
    const failed = updatesOf(reported, 'save-failed');
    expect(faults.size).toBeGreaterThan(30);
    expect(faults.size).toBeLessThan(updates / 2);
    for (const name of ['mkdir', 'open', 'write', 'sync', 'rename', 'rm']) {
      expect([...faults.values()].filter((text) => text.endsWith(name)).length).toBeGreaterThan(0);
    }
    // A line that cannot be written at first is when the checkpoint comes to count on it; what one replaces may stay.
    for (const [key, call] of hit) {
      if (!failed.includes(key)) expect(call).toMatch(/^(write .*metrics\.jsonl|rm .*\.old-\d+)$/);
    }
    for (const key of failed) {
      const store = new CheckpointStore(join(copies, `${key}`));
      const all = await store.list();
      expect(all.length).toBeGreaterThan(key > 2 ? 1 : -1);
      for (const { step, dir } of all) expect((await store.load(dir)).step).toBe(step);
      if (key > 2) await store.load('best');
    }
    expect(await remains(runDir)).toEqual(await remains(whole));
  }, 180_000);

  it('is tried again after a minute, whatever comes due before', async () => {
    let now = 0;
    const runDir = tempDir();
    const reported: TrainEvent[] = [];
    const on = (event: TrainEvent) => {
      reported.push(event);
      if (event.type !== 'updated') return;
      const { update } = event.metrics;
      now = 7000 * update;
      disk.fault = (_, path) => (update < 5 && path.includes('step-') ? 'ENOSPC' : undefined);
    };
    const config = timedConfig(NEVER, 20, { checkpoint: { everyUpdates: 1 } });
    await train(config, { runDir, on, clock: { now: () => 0, monotonic: () => now } });
    expect(updatesOf(reported, 'save-failed')).toEqual([1]);
    expect(updatesOf(reported, 'checkpointed')).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ]);
  });

  it('too often in a row ends the run, which can go on from the last that did not', async () => {
    const input = { checkpoint: { failures: 3 } };
    const [whole, runDir] = [tempDir(), tempDir()];
    const config = timedConfig(60, 10, input);
    await trainByTheMinute(config, { runDir: whole });
    const { reported, ended } = await trainByTheMinute(config, {
      runDir,
      on: (event) => {
        if (event.type !== 'updated' || event.metrics.update < 4) return;
        disk.fault = (_, path) => (path.includes('run.lock') ? undefined : 'EROFS');
      },
    });
    disk.repair();
    expect(ended).toBeInstanceOf(RunError);
    expect(ended.message).toMatch(
      /^could not save a checkpoint 3 times in a row \(checkpoint.failures\): cannot write .*metrics.jsonl: EROFS/,
    );
    expect(updatesOf(reported, 'checkpointed')).toEqual([1, 2, 3]);
    expect(updatesOf(reported, 'save-failed')).toEqual([4, 5, 6]);
    await trainByTheMinute(config, { runDir, resume: true });
    expect(await remains(runDir)).toEqual(await remains(whole));
  });

  it('ends the run where it was the last', async () => {
    const config = timedConfig(NEVER, 2);
    disk.fault = (_, path) => (path.includes('state.json') ? 'ENOSPC' : undefined);
    const { ended } = await trainByTheMinute(config, { runDir: tempDir() });
    expect(ended.message).toMatch(/^cannot write .*step-64: ENOSPC: .*what was there is untouched/);
  });

  it('is no time to start again, though the run is over its budget', async () => {
    const config = timedConfig(NEVER, 10, { budget: { heapMiB: 1 } });
    const runDir = tempDir();
    const { reported } = await trainByTheMinute(config, {
      runDir,
      on: (event) => {
        if (event.type !== 'updated') return;
        const full = event.metrics.update < 3;
        disk.fault = (_, path) => (full && path.includes('step-') ? 'ENOSPC' : undefined);
      },
    });
    expect(updatesOf(reported, 'save-failed')).toEqual([1, 2]);
    expect(updatesOf(reported, 'checkpointed')).toEqual([3]);
    expect(reported.at(-1)).toMatchObject({ type: 'finished', restart: true });
  });
});

describe('a run', () => {
  it('trains where directories cannot be synced, as elsewhere', async () => {
    const [whole, runDir] = [tempDir(), join(tempDir(), 'run')];
    await train(timedConfig(NEVER, 3), { runDir: whole });
    disk.fault = (call, path) =>
      call === 'sync' && statSync(path).isDirectory() ? 'EINVAL' : undefined;
    await train(timedConfig(NEVER, 3), { runDir });
    disk.repair();
    expect(await remains(runDir)).toEqual(await remains(whole));
  });

  it('that could not begin leaves nothing that the next attempt is refused for', async () => {
    const runDir = join(tempDir(), 'run');
    const config = timedConfig(NEVER, 1);
    for (const name of ['config.resolved.yaml', 'tensorboard', 'metrics.jsonl']) {
      disk.fault = (_, path) => (path.includes(name) ? 'EROFS' : undefined);
      const failure = await train(config, { runDir }).catch((error) => error);
      expect(failure.message).toMatch(new RegExp(`EROFS: injected.*${name}`, 's'));
      expect(readdirSync(runDir)).not.toContain('run.lock');
    }
    disk.repair();
    await train(config, { runDir });
  });

  it.each<[string, (runDir: string) => void, RegExp]>([
    [
      'was deleted',
      (runDir) => rmSync(runDir, { recursive: true }),
      /^(.*) is gone: the directory was deleted or moved during training$/,
    ],
    [
      'was moved',
      (runDir) => renameSync(runDir, `${runDir}.moved`),
      /^(.*) is gone: the directory was deleted or moved during training$/,
    ],
    [
      'is that of another process by now',
      (runDir) => writeFileSync(join(runDir, 'run.lock'), '{"pid":7,"host":"web-1","id":"x"}'),
      /^(.*)\/run.lock now belongs to process 7 on web-1: another process could train there/,
    ],
  ])('whose folder %s ends with the next update', async (_, act, message) => {
    const runDir = join(tempDir(), 'run');
    const { reported, ended } = await trainByTheMinute(timedConfig(60, 10), {
      runDir,
      on: (event) => {
        if (event.type === 'updated' && event.metrics.update === 3) act(runDir);
      },
    });
    expect(ended).toBeInstanceOf(RunError);
    expect(message.exec(ended.message)?.[1]).toBe(runDir);
    expect(updatesOf(reported, 'checkpointed')).toEqual([1, 2]);
    expect(updatesOf(reported, 'save-failed')).toEqual([]);
  });
});

describe('a log that cannot be written for a while', () => {
  const during = (from: number, to: number, file: string, then = () => {}) => {
    return (event: TrainEvent) => {
      if (event.type !== 'updated') return;
      const { update } = event.metrics;
      const full = update >= from && update < to;
      disk.fault = (_, path) => (full && path.endsWith(file) ? 'ENOSPC' : undefined);
      then();
    };
  };

  it('has all its lines in the end: metrics.jsonl', async () => {
    const [whole, runDir] = [tempDir(), tempDir()];
    const config = timedConfig(NEVER, 10);
    await trainByTheMinute(config, { runDir: whole });
    const on = during(3, 8, 'metrics.jsonl');
    const { reported } = await trainByTheMinute(config, { runDir, on });
    expect(updatesOf(reported, 'save-failed')).toEqual([]);
    expect(await remains(runDir)).toEqual(await remains(whole));
  });

  it('has all its lines in the end: events.jsonl, which holds up no checkpoint either', async () => {
    const runDir = tempDir();
    const on = during(3, 8, 'events.jsonl');
    const { reported } = await trainByTheMinute(timedConfig(60, 10), { runDir, on });
    const logged = await readEvents(join(runDir, 'events.jsonl'));
    expect(updatesOf(reported, 'checkpointed')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const types = reported.map(({ type }) => type).filter((type) => type !== 'updated');
    expect(logged.map(({ type }) => type)).toEqual(types);
  });
});

describe('an incident that cannot be written', () => {
  it('ends no run: the event says why it is not kept', async () => {
    disk.fault = (_, path) => (path.includes('incidents') ? 'ENOSPC' : undefined);
    const input = { guards: { maxKl: 1e-30 }, ppo: { decisions: 32, minibatch: 16, epochs: 2 } };
    const config = timedConfig(NEVER, 2, input);
    const { reported, ended } = await trainByTheMinute(config, { runDir: tempDir() });
    const incidents = reported.filter((event) => event.type === 'incident');
    expect(incidents).toHaveLength(3);
    for (const { path, unkept } of incidents) {
      expect(path).toBe(undefined);
      expect(unkept).toContain('ENOSPC: injected');
    }
    expect(ended.message).toContain('stopped after 3 undone updates in a row');
  });
});
