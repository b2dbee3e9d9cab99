import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { train } from '../../../src/agent/index.ts';
import { abandoned } from '../../../src/agent/train/abandon.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

describe('environments that are waited for', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are given up once the signal has come and they are silent', () => {
    const controller = new AbortController();
    const envs = { pending: [0, 2], answers: 7 };
    let waiting = true;
    const given: (readonly number[])[] = [];
    abandoned(envs, controller.signal, () => waiting).subscribe((pending) => given.push(pending));
    vi.advanceTimersByTime(60_000);
    controller.abort();
    vi.advanceTimersByTime(4900);
    // An answer, and then an update, take their time.
    envs.answers++;
    vi.advanceTimersByTime(4900);
    waiting = false;
    vi.advanceTimersByTime(60_000);
    waiting = true;
    vi.advanceTimersByTime(3900);
    expect(given).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(given).toEqual([[0, 2]]);
    vi.advanceTimersByTime(60_000);
    expect(given).toHaveLength(1);
  });

  it('are not, where none owes an answer or there is no signal', () => {
    const given: unknown[] = [];
    const envs = { pending: [], answers: 0 };
    abandoned(envs, AbortSignal.abort(), () => true).subscribe((pending) => given.push(pending));
    abandoned({ ...envs, pending: [1] }, undefined, () => true).subscribe((pending) =>
      given.push(pending),
    );
    vi.advanceTimersByTime(60_000);
    expect(given).toEqual([]);
  });
});

it('training that waits for its first environment is told once where, and heeds the signal', async () => {
  const controller = new AbortController();
  const reported: string[] = [];
  const training = train(tinyConfig({ env: { id: undefined, listen: '127.0.0.1:0', count: 1 } }), {
    runDir: join(tmpdir(), 'pondera-never-begun'),
    signal: controller.signal,
    onListening: (url) => {
      reported.push(url);
      controller.abort();
    },
  });
  await expect(training).rejects.toThrow(/abort/);
  expect(reported).toHaveLength(1);
});
