import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configJsonSchema } from '../../src/agent/index.ts';
import {
  Agent,
  type ConfigInput,
  evaluate,
  parseConfig,
  registerDecider,
} from '../../src/index.ts';
import { deciders } from '../../src/rollout/index.ts';
import { run } from '../support/short-runs.ts';
import { tinyConfig } from '../support/tiny-config.ts';
import { toyDecider } from '../support/toy-decider.ts';

const toyConfig = (input: Record<string, unknown> = {}) =>
  tinyConfig({
    decider: 'reflex',
    halting: { maxSteps: 3 },
    evaluation: { everyUpdates: 100, episodes: 16, forcedEpisodes: 0 },
    ...input,
  } as Partial<ConfigInput>);

describe('a decider from outside', () => {
  beforeEach(() => registerDecider(toyDecider));

  it('decides in training and after, for a config that names it', async () => {
    const learning = { learningRate: 0.005, finalLearningRate: 0.005, entropy: 0.02 };
    const config = toyConfig({
      halting: { rule: 'fixed', ponderSteps: 1, maxSteps: 3 },
      ppo: { decisions: 128, minibatch: 64, epochs: 4, ...learning },
      train: { totalSteps: 8000, seed: 2 },
    });
    const { metrics, failure, runDir } = await run(config);
    expect(failure).toBeUndefined();
    // Whatever the halting rule would have: the decider says how deep.
    for (const { histogram } of metrics) expect(histogram.slice(1)).toEqual([0, 0]);
    for (const { firstRatioError } of metrics) expect(firstRatioError).toBeLessThan(1e-4);
    expect(metrics[0].return).toBeLessThan(0.45);
    expect(metrics.at(-1)!.return).toBeGreaterThan(0.9);

    const agent = await Agent.load(runDir);
    const found = await evaluate(agent, { episodes: 32, forcedEpisodes: 0 });
    expect(found.return.mean).toBeGreaterThan(0.9);
    expect(found.ponderSteps).toMatchObject({ mean: 1, max: 1 });
    expect((await agent.act(2)).action).toBe(2);
    agent.dispose();
  });

  it('is given its settings', () => {
    expect(toyConfig()).toMatchObject({ reflex: { most: 4 } });
    const config = toyConfig({ reflex: { most: 7 } });
    expect(parseConfig(config)).toEqual(config);
    expect(() => toyConfig({ reflex: { most: 0 } })).toThrow(
      'reflex.most: expected an integer ≥ 1, got 0',
    );
  });

  it('has no section beside another decider', () => {
    expect(() => toyConfig({ decider: 'ponder', reflex: { most: 7 } })).toThrow(
      'reflex: expected no settings of the decider reflex, because decider is ponder; leave them out (--set reflex=null)',
    );
    expect(toyConfig({ decider: 'ponder' })).not.toHaveProperty('reflex');
  });

  it('is in the schema for as long as it is registered', () => {
    const fields = configJsonSchema().properties!;
    expect(fields.decider.enum).toEqual([...deciders.names]);
    expect(fields.decider.description).toContain('reflex: acts on what it sees');
    expect(fields.reflex.properties!.most.description).toContain('that a tick decides on');
  });

  it('is refused where its name is taken, or a setting has to be given', () => {
    expect(() => registerDecider(toyDecider)).toThrow('a decider named "reflex" already exists');
    const settings = toyDecider.settings!.extend({ size: z.number() });
    expect(() => registerDecider({ ...toyDecider, name: 'other', settings })).toThrow(
      'the decider other: expected a default for each setting, got none for size',
    );
  });
});

it('a decider that is not registered is refused, with those that are', () => {
  expect(() => toyConfig()).toThrow(
    /^decider: expected one of "ponder", "sample", "tree", "search", got "reflex"$/,
  );
});
