import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../src/agent/common/errors.ts';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import { configJsonSchema } from '../../src/agent/config/json-schema.ts';
import type { UpdateMetrics } from '../../src/agent/events/events.ts';
import { train } from '../../src/agent/train/train.ts';
import { haltingRules, registerHalting } from '../../src/policy/index.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';
import { toyHalting } from '../support/toy-halting.ts';

function registered(): void {
  onTestFinished(registerHalting(toyHalting));
}

const named = (halting: Record<string, unknown>) =>
  tinyConfig({ halting: { rule: 'toy', ...halting } as ConfigInput['halting'] });

describe('a halting rule that is registered from outside', () => {
  it.each([
    [0, 'rows'],
    [0.1, 'tensors'],
  ])('is trained from a config that names it, distillation %d (by %s)', async (distillation) => {
    registered();
    const runDir = tempDir();
    const chance = 0.9;
    await train(
      tinyConfig({
        halting: { rule: 'toy', maxSteps: 4, chance } as ConfigInput['halting'],
        recipe: { forcedShare: 0, distillation },
        ppo: { learningRate: 0.03, finalLearningRate: 0.03 },
        train: { totalSteps: 1600 },
      }),
      { runDir },
    );
    const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const metrics = lines.map((line) => JSON.parse(line) as UpdateMetrics & { surprise: number });
    const entropy = -chance * Math.log(chance) - (1 - chance) * Math.log(1 - chance);
    expect(metrics[0].surprise).toBeGreaterThan(2 * entropy);
    expect(metrics.at(-1)!.surprise).toBeCloseTo(entropy, 2);
    // Of thoughts that end with the same chance after each of four steps: Σ (1 − chance)^k.
    const depths = metrics.slice(-20).map(({ ponderSteps }) => ponderSteps.mean);
    const mean = depths.reduce((a, b) => a + b, 0) / depths.length;
    expect(Math.abs(mean - 1.111)).toBeLessThan(0.08);
    const yaml = readFileSync(join(runDir, 'config.resolved.yaml'), 'utf8');
    expect(yaml).toContain('  # The chance that the rule toy learns.\n  chance: 0.9\n');
  });

  it('is in the schema with its fields for as long as it is registered', () => {
    const halting = () => configJsonSchema().properties!.halting.properties!;
    expect(Object.keys(halting())).not.toContain('chance');
    const takeBack = registerHalting(toyHalting);
    expect(halting().chance.description).toBe('The chance that the rule toy learns.');
    expect(halting().rule.enum).toEqual([...haltingRules.names]);
    expect(halting().rule.description).toContain(
      'toy: drawn with a chance that the config asks for',
    );
    takeBack();
    expect(Object.keys(halting())).not.toContain('chance');
    expect(halting().rule.enum).not.toContain('toy');
  });

  it('has its fields checked, by themselves and by what it says of them', () => {
    registered();
    expect(named({}).halting).toMatchObject({ rule: 'toy', chance: 0.5 });
    expect(() => named({ chance: 2 })).toThrow(
      new UsageError('halting.chance: expected a number in 0..1, got 2'),
    );
    expect(() => named({ chance: 1, minSteps: 2 })).toThrow(
      new UsageError('halting.chance: expected less than 1 where minSteps is more than 1, got 1'),
    );
  });

  it('is refused where it is not registered, with the rules that are', () => {
    const known = haltingRules.names.map((name) => `"${name}"`).join(', ');
    expect(() => named({})).toThrow(`halting.rule: expected one of ${known}, got "toy"`);
  });

  it('is refused where its name or a field is taken', () => {
    registered();
    expect(() => registerHalting(toyHalting)).toThrow(
      new RangeError('a halting rule named "toy" already exists'),
    );
    expect(() => registerHalting({ ...toyHalting, name: 'other' })).toThrow(
      new RangeError(
        'the halting rule other: the field chance already exists: expected another name',
      ),
    );
  });
});
