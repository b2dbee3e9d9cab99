import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configJsonSchema } from '../../../src/agent/index.ts';
import {
  type ConfigInput,
  loadConfig,
  parseConfig,
  registerAlgorithm,
} from '../../../src/index.ts';
import { learned, run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';
import { toyAlgorithm } from '../../support/toy-algorithm.ts';

const toyConfig = (input: Record<string, unknown> = {}) =>
  tinyConfig({
    algorithm: 'toy',
    halting: { rule: 'fixed', ponderSteps: 1 },
    evaluation: { everyUpdates: 100, episodes: 0 },
    train: { totalSteps: 3200, seed: 3 },
    ...input,
  } as Partial<ConfigInput>);

describe('an algorithm from outside', () => {
  beforeEach(() => registerAlgorithm(toyAlgorithm));

  it('learns, trained from a config that names it, and reports its own statistics', async () => {
    const { metrics, failure, runDir } = await run(toyConfig({ toy: { rate: 0.3 } }));
    expect(failure).toBeUndefined();
    expect(Object.keys(metrics[0])).toEqual(
      expect.arrayContaining(Object.keys(toyAlgorithm.statistics)),
    );
    expect(metrics[0]).not.toHaveProperty('policyLoss');
    // One of four actions is right: chance, then all.
    expect(metrics[0].baseline).toBeLessThan(0.45);
    expect(metrics.at(-1)!.baseline).toBeGreaterThan(0.9);
    expect(metrics[0].toyRate).toBe(0.3);
    expect(metrics.at(-1)!.toyRate).toBeLessThan(0.16);
    const path = join(runDir, 'config.resolved.yaml');
    expect(readFileSync(path, 'utf8')).toContain('  # Step size.\n  rate: 0.3\n');
    expect(await loadConfig(path)).toMatchObject({ algorithm: 'toy', toy: { rate: 0.3 } });
  });

  it('goes on exactly from what it held', async () => {
    const whole = await run(toyConfig({ train: { totalSteps: 1280, seed: 3 } }));
    const stop = new AbortController();
    const half = await run(toyConfig({ train: { totalSteps: 1280, seed: 3 } }), {
      signal: stop.signal,
      on: (event) => {
        if (event.type === 'updated' && event.metrics.update === 7) stop.abort();
      },
    });
    expect(half.metrics).toHaveLength(7);
    const config = toyConfig({ train: { totalSteps: 1280, seed: 3 } });
    const again = await run(config, { runDir: half.runDir, resume: true });
    expect(learned(again)).toEqual(learned(whole));
  });

  it('is in the schema with its section for as long as it is registered', () => {
    const fields = () => configJsonSchema().properties!;
    expect(fields().algorithm.enum).toContain('toy');
    expect(fields().toy.properties!.rate.description).toBe('Step size.');
  });

  it('has its section checked, and no other one is read beside it', () => {
    expect(() => toyConfig({ toy: { rate: -1 } })).toThrow(
      'toy.rate: expected a number ≥ 0, got -1',
    );
    expect(() => toyConfig({ toy: { rates: 1 } })).toThrow(
      'toy.rates: unknown key; did you mean "rate"?',
    );
    expect(() => toyConfig({ ppo: { epochs: 2 } })).toThrow(
      'ppo: expected no settings of the algorithm ppo, because algorithm is toy; leave them out (--set ppo=null)',
    );
    expect(() => toyConfig({ algorithm: 'ppo', toy: {} })).toThrow(
      'toy: expected no settings of the algorithm toy, because algorithm is ppo',
    );
    const config = toyConfig();
    expect(config).not.toHaveProperty('ppo');
    expect(parseConfig(config)).toEqual(config);
  });

  it('is refused a halting rule that it does not learn', () => {
    expect(() => toyConfig({ halting: { rule: 'bernoulli' } })).toThrow(
      'halting.rule: expected a rule that toy learns, one of fixed, got "bernoulli"',
    );
  });

  it('is refused where its name is taken, or a setting has to be given', () => {
    expect(() => registerAlgorithm(toyAlgorithm)).toThrow(
      'an algorithm named "toy" already exists',
    );
    const settings = toyAlgorithm.settings.extend({ size: z.number() });
    expect(() =>
      registerAlgorithm({ ...toyAlgorithm, name: 'other', settings, dryRun: (own) => own }),
    ).toThrow('the algorithm other: expected a default for each setting, got none for size');
  });
});

it('an algorithm that is not registered is refused, with those that are', () => {
  expect(() => toyConfig()).toThrow(/^algorithm: expected one of "ppo".*, got "toy"$/);
});
