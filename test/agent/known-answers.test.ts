import { describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../src/agent/agent/agent.ts';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import type { TrainEvent } from '../../src/agent/events/events.ts';
import { train } from '../../src/agent/train/train.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig } from '../support/tiny-config.ts';

/** Trains on an environment whose optimal return is known, and evaluates what came of it. */
async function learn(id: string, totalSteps: number, input: Partial<ConfigInput>) {
  const config = knownAnswerConfig(totalSteps, { ...input, env: { id } });
  const events: TrainEvent[] = [];
  const on = (event: TrainEvent) => void events.push(event);
  const { evaluation } = await train(config, { runDir: tempDir(), on });
  return { ...evaluation!, events };
}

describe('one ponder step learns what is known', () => {
  it.each([
    ['KnownDiscrete-v0', 1500, 0.97],
    ['KnownMultiDiscrete-v0', 4000, 0.97],
    ['KnownMultiBinary-v0', 3000, 0.97],
    ['KnownMask-v0', 1200, 0.97],
    ['KnownDict-v0', 5000, 0.97],
    ['KnownDelay-v0', 3000, 0.97],
    // Where always answering the centre gives −2/3.
    ['KnownBox-v0', 3000, -0.05],
  ])('%s', async (id, totalSteps, expected) => {
    const halting = { rule: 'fixed', maxSteps: 1 } as const;
    const { return: found, ponderSteps } = await learn(id, totalSteps, { halting });
    expect(found.mean).toBeGreaterThan(expected);
    expect(ponderSteps).toEqual({ mean: 1, p50: 1, p95: 1, max: 1 });
  });
});

it('values are in the unit of the raw reward, also where rewards were scaled as they were learned from', async () => {
  const config = knownAnswerConfig(1500, {
    env: { id: 'KnownDiscrete-v0' },
    halting: { rule: 'fixed', maxSteps: 1 },
    normalize: { reward: true },
  });
  const runDir = tempDir();
  const { evaluation } = await train(config, { runDir });
  expect(evaluation!.return.mean).toBeGreaterThan(0.97);
  const agent = await Agent.load(runDir);
  onTestFinished(() => agent.dispose());
  expect(agent.valueScale).toBeGreaterThan(1.5);
  const { thought } = await agent.act(0);
  expect(Math.abs(thought.values[0] - 1)).toBeLessThan(0.15);
});

describe('the whole recipe learns it, and that thinking longer is of no use', () => {
  it.each([
    ['KnownDiscrete-v0', 'bernoulli', 5000],
    ['KnownDelay-v0', 'bernoulli', 6000],
    ['KnownDiscrete-v0', 'ponder', 5000],
    ['KnownDelay-v0', 'ponder', 6000],
  ])('%s, %s', async (id, rule, totalSteps) => {
    const { events, ...evaluation } = await learn(id, totalSteps, {
      halting: { rule, maxSteps: 3 },
      price: { initial: 0.05 },
      recipe: { releaseReturn: 0.6, minUpdates: 1, maxWarmup: 0.7 },
    });
    expect(evaluation.return.mean).toBeGreaterThan(0.97);
    expect(evaluation.netReturn.mean).toBeGreaterThan(0.9);
    expect(evaluation.ponderSteps.mean).toBeLessThan(1.3);

    expect(events.find(({ type }) => type === 'released')).toMatchObject({ reason: 'return' });
    const updates = events.flatMap((e) => (e.type === 'updated' ? [e.metrics] : []));
    const steps = updates.map(({ phase, ponderSteps: { mean } }) => [phase, mean] as const);
    expect(steps[0]).toEqual(['warmup', 3]);
    expect(steps.find(([phase]) => phase === 'released')![1]).toBeGreaterThan(1.5);
    expect(steps.at(-1)![1]).toBeLessThan(1.3);
    for (const { firstRatioError } of updates) expect(firstRatioError).toBeLessThan(1e-4);
  });
});
