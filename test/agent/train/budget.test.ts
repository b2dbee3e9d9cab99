import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainEvent, UpdateMetrics } from '../../../src/agent/events/events.ts';
import { CheckpointStore, readMetrics } from '../../../src/agent/run/index.ts';
import { Budget } from '../../../src/agent/train/budget.ts';
import { type TrainOptions, train } from '../../../src/agent/train/train.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const MIB = 1_048_576;

function timing(taken: Partial<UpdateMetrics['timing']>) {
  return { rssBytes: 0, heapBytes: 0, tensors: 0, ...taken } as UpdateMetrics['timing'];
}

describe('Budget', () => {
  it('is exceeded by what is more than the limit alone, and not where there is none', () => {
    const budget = new Budget({ rssMiB: 10, heapMiB: 5 });
    expect(budget.judge(timing({ rssBytes: 10 * MIB, heapBytes: 5 * MIB }))).toBe(undefined);
    expect(budget.judge(timing({ rssBytes: 10 * MIB + 1 }))).toEqual({
      what: 'rssBytes',
      limit: 10 * MIB,
      got: 10 * MIB + 1,
    });
    expect(budget.judge(timing({ heapBytes: 6 * MIB }))).toMatchObject({ what: 'heapBytes' });
    expect(new Budget({}).judge(timing({ rssBytes: 1e15, heapBytes: 1e15, tensors: 1e9 }))).toBe(
      undefined,
    );
  });

  it('counts tensors from the most there were in the first 20 updates', () => {
    const budget = new Budget({ tensorGrowth: 10 });
    for (let update = 1; update <= 20; update++) {
      expect(budget.judge(timing({ tensors: 100 * update }))).toBe(undefined);
    }
    expect(budget.judge(timing({ tensors: 2010 }))).toBe(undefined);
    expect(budget.judge(timing({ tensors: 2011 }))).toEqual({
      what: 'tensors',
      limit: 2010,
      got: 2011,
    });
  });
});

describe('a run over its budget', () => {
  const tight = { budget: { heapMiB: 1 } };

  async function events(input: Parameters<typeof tinyConfig>[0], options: TrainOptions) {
    const reported: TrainEvent[] = [];
    const on = (event: TrainEvent) => void reported.push(event);
    return { result: await train(tinyConfig(input), { ...options, on }), reported };
  }

  it('says so, saves and ends after the update, and resumed ends like one that never was', async () => {
    const [whole, parts] = [tempDir(), tempDir()];
    await train(tinyConfig(), { runDir: whole });
    const { result, reported } = await events(tight, { runDir: parts });
    expect(result).toEqual({
      runDir: parts,
      envSteps: 32,
      interrupted: true,
      restart: true,
      lostEpisodes: 0,
      envFailures: 0,
    });
    expect(reported.slice(1).map(({ type }) => type)).toEqual([
      'updated',
      'released',
      'over-budget',
      'checkpointed',
      'finished',
    ]);
    expect(reported.find(({ type }) => type === 'over-budget')).toMatchObject({
      update: 1,
      updatesSinceStart: 1,
      what: 'heapBytes',
      limit: MIB,
    });
    expect(reported.at(-1)).toMatchObject({ interrupted: true, restart: true });

    await events(tight, { runDir: parts, resume: true });
    // Another budget is no other run.
    await train(tinyConfig(), { runDir: parts, resume: true });
    const load = (dir: string) => new CheckpointStore(join(dir, 'checkpoints')).load('latest');
    const [one, other] = [await load(whole), await load(parts)];
    expect(other.weights).toEqual(one.weights);
    expect(other.optimizer).toEqual(one.optimizer);
  });

  it('that is done at that update is done', async () => {
    const { result } = await events({ ...tight, train: { totalSteps: 32 } }, { runDir: tempDir() });
    expect(result).toMatchObject({ interrupted: false });
    expect(result.restart).toBe(undefined);
  });

  it('has in its metrics what it took', async () => {
    const runDir = tempDir();
    await train(tinyConfig(), { runDir });
    for (const { timing } of await readMetrics(join(runDir, 'metrics.jsonl'))) {
      const { heapBytes, externalBytes, arenaBytes } = timing as UpdateMetrics['timing'];
      expect(heapBytes).toBeGreaterThan(MIB);
      expect(externalBytes).toBeGreaterThan(0);
      // Weights and both moments of Adam at least.
      expect(arenaBytes).toBeGreaterThan(10_000);
      expect(arenaBytes).toBeLessThan(100 * MIB);
    }
  });
});
