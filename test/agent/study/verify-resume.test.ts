import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/agent/events/events-log.ts';
import { type VerifyEvent, verifyResume } from '../../../src/agent/study/verify-resume.ts';
import { built, pondera } from '../../support/built.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Kills a small run of an environment, which takes longer than a kill takes to come. */
async function verify(env: object, kills: number, memory = {}) {
  const dir = tempDir();
  const config = join(dir, 'config.yaml');
  const small = {
    name: 'small',
    env: { ...env, count: 8 },
    memory,
    policy: { width: 8, heads: 2, feedForward: 8 },
    halting: { maxSteps: 3 },
    recipe: { minUpdates: 0, maxWarmup: 0 },
    ppo: { decisions: 128, minibatch: 64, epochs: 2 },
    evaluation: { everyUpdates: 1000, episodes: 4, forcedEpisodes: 0 },
    checkpoint: { everyUpdates: 2 },
    // A rollout ends with what is under way: about 136 decisions.
    train: { totalSteps: 136 * 40 },
    backend: 'simd',
    kernels: { threads: 1 },
  };
  writeFileSync(config, JSON.stringify(small));
  const command = pondera();
  const reported: VerifyEvent[] = [];
  const on = (event: VerifyEvent) => void reported.push(event);
  return { dir, reported, found: await verifyResume({ config, kills, dir, command, on, seed: 5 }) };
}

// Each process of several takes as long to start as the machine is busy.
describe('verifyResume', { timeout: 180_000 }, () => {
  it.each([
    ['a run', { id: 'KHop-v0' }, {}],
    [
      'a run with a memory and without velocities',
      { id: 'CartPole-v1', hide: [1, 3] },
      { length: 8, prelude: 1 },
    ],
  ])(
    'finds %s that was killed and resumed the same as one that was not',
    async (_, env, memory) => {
      const { dir, reported, found } = await verify(env, 2, memory);
      expect(found).toMatchObject({ same: true, kills: 2 });
      expect(found.difference).toBe(undefined);
      expect(reported.map(({ type }) => type)).toEqual(['undisturbed', 'killed', 'killed']);
      // Three processes trained, of which one came to its end.
      const events = await readEvents(join(dir, 'killed', 'events.jsonl'));
      const count = (wanted: string) => events.filter(({ type }) => type === wanted).length;
      expect([count('started'), count('finished')]).toEqual([3, 1]);
      expect(existsSync(join(dir, 'killed', 'report.html'))).toBe(true);
    },
  );

  it('finds the difference where an environment’s snapshot is not all of it', async () => {
    const module = built('test/support/forgetful-env.ts');
    const { reported, found } = await verify({ module }, 1);
    // After a checkpoint, or it would only have begun again.
    expect(reported[1]).toMatchObject({ type: 'killed', update: expect.toSatisfy((n) => n > 4) });
    expect(found).toMatchObject({ same: false, difference: expect.any(String) });
  });

  it('refuses a backend that never computes the same twice', async () => {
    const dir = tempDir();
    const set = ['backend=webgpu'];
    const refused = verifyResume({ config: 'k-hop', set, kills: 1, dir, command: ['false'] });
    await expect(refused).rejects.toThrow('backend: expected one whose results are reproducible');
  });
});
