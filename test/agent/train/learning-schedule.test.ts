import { describe, expect, it } from 'vitest';
import { scheduleAt } from '../../../src/agent/algorithms/ppo/schedule.ts';
import { explainLength } from '../../../src/agent/train/learning-schedule.ts';
import { Box, Discrete, makeEnv } from '../../../src/envs/index.ts';
import { run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const { ppo } = tinyConfig({
  ppo: { learningRate: 1e-2, finalLearningRate: 1e-3, entropy: 0.1, finalEntropy: 0 },
});

describe('the schedule', () => {
  it('is linear in the share of training done, and stays where it ends', () => {
    expect(scheduleAt(ppo, 0)).toEqual({ learningRate: 1e-2, entropy: 0.1 });
    expect(scheduleAt(ppo, 0.5).learningRate).toBeCloseTo(5.5e-3, 12);
    expect(scheduleAt(ppo, 0.5).entropy).toBeCloseTo(0.05, 12);
    expect(scheduleAt(ppo, 1.2).learningRate).toBeCloseTo(1e-3, 12);
    expect(scheduleAt({ ...ppo, finalEntropy: undefined }, 0.5).entropy).toBe(0.1);
  });

  it('of a run made longer is told with both its values', () => {
    const config = tinyConfig({ ppo, train: { totalSteps: 200 } });
    expect(explainLength(config, 100, 100)).toBe(
      'train.totalSteps: 100 → 200, which stretches the schedule: ' +
        'learningRate 0.001 → 0.0055, entropy 0 → 0.05 from this step on',
    );
    expect(explainLength(config, 100, 200)).toBeUndefined();
    expect(explainLength(config, 100)).toBeUndefined();
    const constant = { ...ppo, finalLearningRate: ppo.learningRate, finalEntropy: undefined };
    expect(
      explainLength(tinyConfig({ ppo: constant, train: { totalSteps: 200 } }), 100, 100),
    ).toBeUndefined();
  });
});

describe('a run warns as it starts', () => {
  const quick = { evaluation: { everyUpdates: 100, episodes: 2, forcedEpisodes: 0 } };
  const warnings = ({ events }: Awaited<ReturnType<typeof run>>) =>
    events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

  it('where it goes on with more steps, of what that does to the learning rate', async () => {
    const first = await run(tinyConfig({ ...quick, train: { totalSteps: 64 } }));
    expect(warnings(first)).toEqual([]);
    const longer = tinyConfig({ ...quick, train: { totalSteps: 640 } });
    const again = await run(longer, { runDir: first.runDir, resume: true });
    expect(warnings(again)).toEqual([
      expect.stringMatching(/^train\.totalSteps: 64 → 640.* learningRate 0 → 0\.0008/),
    ]);
    const [rate] = again.metrics.slice(first.metrics.length).map((m) => m.learningRate);
    expect(rate).toBeGreaterThan(8e-4);
  });

  it('where a price is steered that nothing holds back', async () => {
    const train = { totalSteps: 64 };
    const config = tinyConfig({
      ...{ ...quick, train },
      ...{ price: { targetSteps: 1.5 }, recipe: { forcedShare: 0 } },
    });
    expect(warnings(await run(config))).toEqual([
      expect.stringMatching(/^price\.targetSteps with recipe\.forcedShare 0: .*price\.max \(1\)/),
    ]);
    const fixed = { ...config, halting: { ...config.halting, rule: 'fixed' } } as typeof config;
    expect(warnings(await run(fixed))).toEqual([]);
  });

  it('where actions have bounds that are none', async () => {
    const env = () => ({
      ...makeEnv('KnownDiscrete-v0'),
      observationSpace: new Discrete(1),
      actionSpace: new Box({ shape: [1], low: 100, high: Infinity }),
      reset: () => ({ obs: 0, info: {} }),
      step: () => ({ obs: 0, reward: 1, terminated: true, truncated: false, info: {} }),
    });
    const found = await run(tinyConfig({ ...quick, train: { totalSteps: 64 } }), { env });
    expect(found.failure).toBeUndefined();
    expect(warnings(found)).toEqual([expect.stringMatching(/^actionSpace: .* 100\.\.Infinity/)]);
  });
});
