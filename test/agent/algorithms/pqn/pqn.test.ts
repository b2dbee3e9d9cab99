import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../../src/agent/agent/agent.ts';
import { pqn } from '../../../../src/agent/algorithms/pqn/index.ts';
import { scheduleAt } from '../../../../src/agent/algorithms/pqn/schedule.ts';
import { pqnSettings } from '../../../../src/agent/algorithms/pqn/settings.ts';
import type { Config, ConfigInput } from '../../../../src/agent/config/config.ts';
import { Discrete } from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { actionValues, exitRule, trainingRule } from '../../../../src/policy/index.ts';
import { type Decision, Scheduler } from '../../../../src/rollout/index.ts';
import { backends } from '../../../support/backends.ts';
import { learned, run, stoppedAfter } from '../../../support/short-runs.ts';
import { set, smallPolicy } from '../../../support/small-policy.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

const pqnConfig = ({ pqn: section, ...input }: Partial<ConfigInput> = {}): Config =>
  tinyConfig({
    ...input,
    algorithm: 'pqn',
    pqn: { decisions: 32, minibatch: 16, epochs: 1, ...section },
  });

/** Many environments and large steps. */
const knownAnswer = (id: string, totalSteps: number, input: Partial<ConfigInput>) =>
  pqnConfig({
    ...input,
    env: { id, count: 32 },
    policy: { width: 16, heads: 2, feedForward: 16 },
    pqn: {
      ...{ decisions: 128, minibatch: 64, epochs: 4, epsilonDecay: 0.4 },
      ...{ learningRate: 1e-2, finalLearningRate: 1e-3 },
    },
    evaluation: { everyUpdates: 1000, episodes: 100, forcedEpisodes: 0 },
    train: { totalSteps, seed: 1 },
  });

const evaluation = async (config: Config) => {
  const { events, failure, metrics } = await run(config);
  expect(failure).toBeUndefined();
  const finished = events.find((event) => event.type === 'finished');
  return { ...finished!.evaluation!, metrics };
};

describe('one ponder step learns what is known', () => {
  it.each([
    ['KnownDiscrete-v0', 2000],
    ['KnownMultiDiscrete-v0', 6000],
    ['KnownMask-v0', 2000],
    ['KnownDelay-v0', 4000],
  ])('%s', async (id, totalSteps) => {
    const halting = { rule: 'fixed', maxSteps: 1 } as const;
    const { return: found, ponderSteps } = await evaluation(
      knownAnswer(id, totalSteps, { halting }),
    );
    expect(found.mean).toBeGreaterThan(0.97);
    expect(ponderSteps).toEqual({ mean: 1, p50: 1, p95: 1, max: 1 });
  });
});

it('three steps always are learned, with a value of each on the way', async () => {
  const halting = { rule: 'fixed', maxSteps: 3 } as const;
  const { return: found, metrics } = await evaluation(
    knownAnswer('KnownDelay-v0', 6000, { halting }),
  );
  expect(found.mean).toBeGreaterThan(0.97);
  expect(metrics.at(-1)!.thinkLoss).toBeLessThan(0.01);
  expect(metrics.at(-1)!.actValue).toBeGreaterThan(0.8);
});

it('thinking that is of no use is not done, with no warm-up', async () => {
  const { ponderSteps, ...found } = await evaluation(
    knownAnswer('KnownDelay-v0', 6000, {
      halting: { maxSteps: 3 },
      price: { initial: 0.05 },
    }),
  );
  expect(found.return.mean).toBeGreaterThan(0.97);
  expect(ponderSteps.mean).toBeLessThan(1.2);
});

describe('the rule greedy', () => {
  /** Q_think is 2/n, and the best action worth 0.6: acting is worth as much as thinking on from step 4. */
  async function depths(floor: number, exit?: string) {
    await loadBackend(backends('simd')[0]);
    const distribution = actionValues(new Discrete(3), 0);
    const policy = smallPolicy({ distribution });
    onTestFinished(() => policy.dispose());
    set(policy.parameters, 'heads.value', [...new Array(8).fill(0), 0, 2]);
    set(policy.parameters, 'heads.action', 0);
    set(policy.parameters, 'heads.actionBias', [0, 0.6, 0.1]);
    const settings = { rule: 'greedy', minSteps: 1, maxSteps: 6, floor };
    const rule = exit === undefined ? trainingRule(settings) : exitRule(exit);
    const scheduler = new Scheduler(policy, 100, Rng.seed(3), () => {
      return { ...settings, rule, forced: 0, greedy: true };
    });
    scheduler.push(Array.from({ length: 1000 }, (_, env) => ({ env, row: new Float32Array(2) })));
    const decisions: Decision[] = [];
    while (scheduler.pending > 0) decisions.push(...(await scheduler.tick()));
    const histogram = new Array<number>(6).fill(0);
    for (const { ponderSteps } of decisions) histogram[ponderSteps - 1]++;
    return { histogram, decision: decisions.at(-1)! };
  }

  it('acts once acting is worth as much as thinking on, by any exit', async () => {
    for (const exit of [undefined, 'cdf', 'threshold', 'sample']) {
      const { histogram, decision } = await depths(0, exit);
      expect(histogram).toEqual([0, 0, 0, 1000, 0, 0]);
      expect(decision.choice).toBe(1);
      expect([...decision.values]).toEqual([2, 1, 2 / 3, 0.6].map((x) => expect.closeTo(x, 5)));
      expect([...decision.halts]).toEqual([0, 0, 0, 1]);
    }
  });

  it('takes the other choice in a share of floor', async () => {
    const { histogram } = await depths(0.1);
    const expected = [0.1, 0.09, 0.081, 0.729 * 0.9, 0.729 * 0.1 * 0.9, 0.729 * 0.1 * 0.1];
    histogram.forEach((count, i) => {
      expect(Math.abs(count / 1000 - expected[i]), `${i + 1} steps`).toBeLessThan(0.04);
    });
    expect(histogram[4]).toBeGreaterThan(0);
  });
});

it('goes on exactly from what it held', async () => {
  const config = () =>
    pqnConfig({ env: { id: 'KnownDelay-v0', count: 8 }, train: { totalSteps: 640, seed: 3 } });
  const whole = await run(config());
  const half = await run(config(), stoppedAfter(7));
  expect(half.metrics).toHaveLength(7);
  // Epsilon was still falling.
  expect(half.metrics[6].epsilon).toBeGreaterThan((half.metrics.at(-1)!.epsilon! as number) - 1e-9);
  const again = await run(config(), { runDir: half.runDir, resume: true });
  expect(learned(again)).toEqual(learned(whole));
});

describe('frozen losses', () => {
  const golden = join(import.meta.dirname, '../../../golden/pqn-losses.json');

  it.each([
    ['simd', 1],
    ['strict', 2],
  ] as const)('are what they were, %s on %i thread(s)', async (build, threads) => {
    const config = pqnConfig({
      env: { id: 'KnownDelay-v0', count: 5 },
      price: { initial: 0.02 },
      policy: { width: 16, heads: 2, feedForward: 24, registers: 1 },
      // Warm-up, release and forced depths, all within the run.
      recipe: { minUpdates: 3, maxWarmup: 0.4 },
      train: { totalSteps: 320, seed: 11 },
      kernels: { build, threads },
    });
    const { events } = await run(config);
    const lines = events.flatMap((event) => {
      if (event.type !== 'updated') return [];
      const { timing: _, evaluation: __, ...rest } = event.metrics;
      return [JSON.stringify(rest)];
    });
    expect(lines.length).toBeGreaterThan(8);
    await expect(`[\n${lines.join(',\n')}\n]\n`).toMatchFileSnapshot(golden);
  });
});

describe('epsilon', () => {
  it('falls over its share of training, and stays', () => {
    const settings = pqnSettings.parse({ epsilon: 0.9, finalEpsilon: 0.1, epsilonDecay: 0.5 });
    const at = (progress: number) => scheduleAt(settings, progress).epsilon;
    expect([0, 0.25, 0.5, 1, 2].map(at)).toEqual([0.9, 0.5, 0.1, 0.1, 0.1].map(close));
    expect(scheduleAt({ ...settings, epsilonDecay: 0 }, 0).epsilon).toBeCloseTo(0.1, 9);
  });

  it('is the final one in an agent that is not being trained', async () => {
    const { runDir, failure } = await run(pqnConfig({ pqn: { finalEpsilon: 0.2 } }), {
      runDir: tempDir(),
    });
    expect(failure).toBeUndefined();
    const agent = await Agent.load(runDir);
    expect(agent.policy.distribution).toMatchObject({ epsilon: 0.2 });
    const actions = await Promise.all(
      Array.from({ length: 200 }, (_, seed) => agent.act(0, { deterministic: false, seed })),
    );
    const { action: best } = await agent.act(0);
    const off = actions.filter(({ action }) => action !== best).length / 200;
    // Three of four choices are others.
    expect(Math.abs(off - 0.15)).toBeLessThan(0.08);
    agent.dispose();
  });
});

const close = (x: number) => expect.closeTo(x, 9);

describe('what it cannot learn is refused', () => {
  it.each([
    ['KnownBox-v0', 'box'],
    ['KnownMultiBinary-v0', 'multi-binary'],
  ])('actions of %s', async (id, type) => {
    await expect(Agent.create(pqnConfig({ env: { id } }), '.')).rejects.toThrow(
      `${id}: actionSpace: expected Discrete or MultiDiscrete, since pqn learns a value for each choice, got a space of type ${type}; set algorithm: ppo, or`,
    );
  });

  it('a halting rule with a loss of its own', () => {
    expect(() => pqnConfig({ halting: { rule: 'bernoulli' } })).toThrow(
      'halting.rule: expected a rule that pqn learns, one of greedy, fixed, got "bernoulli"',
    );
  });

  it('values, by an algorithm that has none', () => {
    expect(() => tinyConfig({ halting: { rule: 'greedy' } })).toThrow(
      /^halting\.rule: expected a rule that ppo learns, one of bernoulli, .*got "greedy"$/,
    );
  });
});

it('the halting rule is the first that the algorithm learns, unless given', () => {
  expect(pqnConfig().halting.rule).toBe('greedy');
  expect(tinyConfig().halting.rule).toBe('bernoulli');
  expect(pqn.halting[0]).toBe('greedy');
});
