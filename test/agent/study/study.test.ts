import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/agent/common/errors.ts';
import { parseConfig } from '../../../src/agent/config/parse-config.ts';
import { type StudyEvent, study } from '../../../src/agent/study/study.ts';

const config = parseConfig({
  name: 'tiny',
  env: { id: 'KHop-v0', options: { layers: 1, width: 2 }, count: 4 },
  policy: { width: 8, heads: 1, feedForward: 8 },
  halting: { maxSteps: 2 },
  price: { targetSteps: 1.5 },
  recipe: { minUpdates: 1, maxWarmup: 0.1 },
  ppo: { decisions: 16, minibatch: 16, epochs: 1 },
  evaluation: { episodes: 8 },
  train: { totalSteps: 64, seed: 5 },
});

describe('study', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pondera-study-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const against = ['halting.maxSteps=1', 'random', 'converge'];

  it('trains and evaluates the seeds and their baselines', async () => {
    const events: StudyEvent[] = [];
    const on = (event: StudyEvent) => events.push(event);
    const result = await study(config, { seeds: 2, against, runDir: dir, jobs: 2, on });
    expect(result.rows.map(({ policy, seed }) => `${policy} ${seed}`)).toEqual(
      ['learned', ...against].flatMap((policy) => [`${policy} 5`, `${policy} 6`]),
    );
    const own = result.rows.find(({ policy }) => policy === 'halting.maxSteps=1')!;
    expect(own.evaluation.ponderSteps).toMatchObject({ mean: 1, max: 1 });
    expect(events.filter(({ type }) => type === 'trained')).toHaveLength(4);
    for (const { policy, setting, trainingSeconds = 0 } of result.rows) {
      expect(setting?.option).toBe(policy === 'converge' ? 'tolerance' : undefined);
      expect(trainingSeconds > 0).toBe(!['random', 'converge'].includes(policy));
    }
    expect(JSON.parse(await readFile(join(dir, 'study.json'), 'utf8'))).toEqual(result);
    expect(await readFile(join(dir, 'study.md'), 'utf8')).toContain('| halting.maxSteps=1 | 6 |');
  });

  it('goes on without training again what has been trained', async () => {
    const decider = 'decider=sample+sample.answers=3+sample.by=logProb';
    const events: StudyEvent[] = [];
    const on = (event: StudyEvent) => events.push(event);
    const result = await study(config, {
      seeds: 2,
      against: ['halting.maxSteps=1', decider],
      runDir: dir,
      on,
    });
    expect(events.filter(({ type }) => type === 'training')).toEqual([]);
    expect(result.rows).toHaveLength(6);
    // Each decision of k-hop ends its episode: three answers of one thought each.
    const tried = result.rows.filter(({ policy }) => policy === decider);
    for (const { evaluation, millisecondsPerDecision = 0 } of tried) {
      expect(evaluation.perEpisode!.thoughts).toBe(3 * evaluation.perEpisode!.decisions);
      expect(millisecondsPerDecision).toBeGreaterThan(0);
    }
  });

  it('goes on in a new process with a run that was over its budget', async () => {
    const seen: string[] = [];
    const on = (event: StudyEvent) => {
      if (event.type === 'training') seen.push(event.event.type);
    };
    const small = { ...config, budget: { rssMiB: 1 }, train: { totalSteps: 32, seed: 5 } };
    await study(small, { seeds: 1, runDir: join(dir, 'budget'), on });
    expect(seen.filter((type) => type === 'started')).toHaveLength(2);
    expect(seen.filter((type) => type === 'updated')).toHaveLength(2);
  });

  it('refuses a directory that holds a study of another config', async () => {
    const other = { ...config, ppo: { ...config.ppo, epochs: 2 } };
    const refused = study(other, { seeds: 1, runDir: dir });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(
      'another config; these settings differ: ppo.epochs (1 there, 2 now)',
    );
  });

  it('says what a training that failed said', async () => {
    const env = { ...config.env, options: { layers: 0 } };
    const failed = study({ ...config, env }, { seeds: 1, runDir: join(dir, 'failed') });
    await expect(failed).rejects.toThrow(/training .*learned-5 failed \(exit 2\): env: .*layers/);
  });
});
