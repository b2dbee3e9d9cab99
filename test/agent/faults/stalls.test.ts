import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { type Stall, stalls } from '../../../src/agent/watchdog/stalls.ts';
import type { Env } from '../../../src/envs/index.ts';
import breakingEnv from '../../support/breaking-env.ts';
import { run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

describe('environments that owe answers', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What is told of `envs`, and what ends that. */
  function watching(envs: { pending: number[]; answers: number }) {
    const reported: Stall[] = [];
    const subscription = stalls(envs, 100).subscribe((stall) => reported.push(stall));
    return { reported, end: () => subscription.unsubscribe() };
  }

  it('are told of once where no answer comes for so long, and again as one comes', () => {
    const envs = { pending: [1, 3], answers: 5 };
    const { reported, end } = watching(envs);
    vi.advanceTimersByTime(99_000);
    expect(reported).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(reported).toEqual([{ type: 'stalled', envs: [1, 3], seconds: 100 }]);
    vi.advanceTimersByTime(50_000);
    expect(reported).toHaveLength(1);
    envs.answers++;
    vi.advanceTimersByTime(10_000);
    expect(reported[1]).toEqual({ type: 'answered', seconds: 150 });
    vi.advanceTimersByTime(100_000);
    expect(reported).toHaveLength(3);
    end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not where any of them answers, or where none owes one', () => {
    const envs = { pending: [0, 1], answers: 0 };
    const { reported, end } = watching(envs);
    for (let i = 0; i < 30; i++) {
      vi.advanceTimersByTime(30_000);
      envs.answers++;
    }
    envs.pending = [];
    vi.advanceTimersByTime(1_000_000);
    expect(reported).toEqual([]);
    end();
  });
});

describe('training on environments that stand still', () => {
  it('tells which, and that they go on', async () => {
    let step = 0;
    const env = (): Env => {
      const own = breakingEnv({});
      return {
        ...own,
        step: async (action) => {
          // From the 40th step on all are silent, until it has been told.
          if (++step > 40) await new Promise<void>((go) => stalled.push(go));
          return own.step(action);
        },
      };
    };
    const stalled: (() => void)[] = [];
    const on = (event: TrainEvent) => {
      if (event.type !== 'stalled') return;
      step = Number.NEGATIVE_INFINITY;
      for (const go of stalled) go();
    };
    const config = tinyConfig({
      env: { id: 'Counter', count: 4 },
      watchdog: { envSeconds: 0.05 },
      evaluation: { everyUpdates: 100, episodes: 4, forcedEpisodes: 0 },
    });
    const { failure, events } = await run(config, { env, on });
    expect(failure).toBeUndefined();
    const reported = events.filter(({ type }) => type === 'stalled' || type === 'answered');
    expect(reported).toMatchObject([
      { type: 'stalled', update: 2, envs: [0, 1, 2, 3], seconds: 0.05 },
      { type: 'answered', seconds: expect.any(Number) },
    ]);
  });
});
