import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { after, checkDurations, every, inTime } from '../../../src/envs/common/timers.ts';
import {
  Box,
  checkEnv,
  Discrete,
  dialTrainer,
  EnvServer,
  makeEnv,
  openEnv,
} from '../../../src/envs/index.ts';

const DAY = 86_400_000;

describe('timers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  // The platform's own fire at once from 2 ** 31 ms on.
  it.each([1, 1000, 24 * DAY, 2 ** 31 - 1, 2 ** 31, 100 * DAY, 2 ** 32 + 1])(
    'that are to fire after %d ms do so then',
    (ms) => {
      const [once, often] = [vi.fn(), vi.fn()];
      after(ms, once);
      const timer = every(ms, often);
      vi.advanceTimersByTime(ms - 1);
      expect([once, often].map((fn) => fn.mock.calls.length)).toEqual([0, 0]);
      vi.advanceTimersByTime(1);
      expect([once, often].map((fn) => fn.mock.calls.length)).toEqual([1, 1]);
      vi.advanceTimersByTime(ms);
      expect([once, often].map((fn) => fn.mock.calls.length)).toEqual([1, 2]);
      timer.stop();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it.each([Number.POSITIVE_INFINITY, 1e300])('never fire after %d ms', (ms) => {
    const [once, often] = [vi.fn(), vi.fn()];
    const timers = [after(ms, once), every(ms, often)];
    vi.advanceTimersByTime(10_000 * DAY);
    for (const timer of timers) timer.stop();
    expect([once, often].map((fn) => fn.mock.calls.length)).toEqual([0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([1000, 100 * DAY])('begin anew, and stop for good: %d ms', (ms) => {
    const work = vi.fn();
    const timer = after(ms, work);
    vi.advanceTimersByTime(ms - 1);
    timer.refresh();
    vi.advanceTimersByTime(ms - 1);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledTimes(1);
    timer.stop();
    timer.refresh();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('take their time for a promise', async () => {
    const late = inTime(new Promise(() => {}), 30 * DAY, () => new Error('late'));
    const outcome = vi.fn();
    late.catch(outcome);
    await vi.advanceTimersByTimeAsync(30 * DAY - 1);
    expect(outcome).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toHaveBeenCalledWith(new Error('late'));
  });
});

describe('durations', () => {
  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY])('that are %d are refused by name', (ms) => {
    const message = `idleMs: expected a number of ms ≥ 0, or Infinity, got ${ms}`;
    expect(() => checkDurations({ timeoutMs: 0.5, other: undefined, idleMs: ms })).toThrow(message);
    expect(() => after(ms, () => {})).toThrow(RangeError);
  });

  const factory = () => makeEnv('KnownDiscrete-v0');
  const space = {
    observationSpace: new Box({ shape: [1], low: 0, high: 1 }),
    actionSpace: new Discrete(2),
  };
  it.each<[string, (ms: number) => unknown]>([
    ['timeoutMs', (timeoutMs) => EnvServer.listen(factory, { id: 'a', timeoutMs })],
    ['idleMs', (idleMs) => EnvServer.listen(factory, { id: 'a', idleMs })],
    ['graceMs', (graceMs) => EnvServer.listen(factory, { id: 'a', graceMs })],
    ['timeoutMs', (timeoutMs) => dialTrainer('ws://[::1]:1', factory, { id: 'a', timeoutMs })],
    ['timeoutMs', (timeoutMs) => checkEnv(factory, { timeoutMs })],
    [
      'timeoutMs',
      (timeoutMs) =>
        openEnv({
          ...space,
          url: 'ws://[::1]:1',
          timeoutMs,
          maxEpisodeSteps: 1,
          decodeObs: () => Float32Array.of(0),
          encodeAction: (action) => ({ action }),
        }),
    ],
  ])('given as the option %s must be some', async (name, give) => {
    await expect(async () => give(Number.NaN)).rejects.toThrow(`${name}: expected a number of ms`);
  });
});
