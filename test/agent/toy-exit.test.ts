import { Command } from 'commander';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { Agent } from '../../src/agent/agent/agent.ts';
import { addExitOptions, exitFlag } from '../../src/agent/cli/exit-options.ts';
import { configJsonSchema } from '../../src/agent/config/json-schema.ts';
import { parseConfig } from '../../src/agent/config/parse-config.ts';
import { evaluate } from '../../src/agent/evaluate/evaluate.ts';
import { parseBaseline } from '../../src/agent/study/baseline.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { defineExit, registerExit } from '../../src/policy/index.ts';
import { tinyConfig } from '../support/tiny-config.ts';

/** Once the policy is sure enough of an action. */
const sure = defineExit({
  name: 'sure',
  summary: 'once the most likely action has this probability',
  options: {
    certainty: z.number().min(0).max(1).default(0.9).describe('Probability of the exit sure.'),
  },
  rule: ({ certainty }) => ({
    measure: {
      of: (states, actions, mask) => Math.max(...actions.describe(states.at(-1)!.params, mask)),
    },
    halts: ({ measured }) => measured.at(-1)! >= certainty,
  }),
  reason: (_, { measured }) => `sure to ${measured.at(-1)}`,
});

describe('an exit from outside', () => {
  beforeAll(() => loadBackend('simd'));
  let release: () => void;
  beforeEach(() => {
    release = registerExit(sure);
    return release;
  });

  async function agentOf(evaluation: Record<string, unknown>): Promise<Agent> {
    const config = tinyConfig({
      env: { id: 'KHop-v0', options: { layers: 2, width: 3 } },
      halting: { maxSteps: 4 },
      evaluation,
    });
    const agent = await Agent.create(config, '.');
    onTestFinished(() => agent.dispose());
    return agent;
  }

  it('ends the thoughts of an agent whose config names it', async () => {
    // Three choices, of which none is more than even at first.
    const unsure = await agentOf({ exit: 'sure' });
    const obs = unsure.observationSpace.sample(Rng.seed(1));
    expect((await unsure.act(obs)).thought).toMatchObject({ ponderSteps: 4, cut: false });
    const easy = await agentOf({ exit: 'sure', certainty: 0.3 });
    expect((await easy.act(obs)).thought.ponderSteps).toBe(1);
    const { ponderSteps } = await evaluate(easy, { episodes: 4, forcedEpisodes: 0 });
    expect(ponderSteps.mean).toBe(1);
    const given = await easy.act(obs, { exit: { name: 'sure', certainty: 0.99 } });
    expect(given.thought.ponderSteps).toBe(4);
  });

  it('is in the schema of the config, and among the baselines of a study', () => {
    const { exit, certainty } = configJsonSchema().properties!.evaluation.properties!;
    expect(exit.enum).toContain('sure');
    expect(exit.description).toContain('sure: once the most likely action has this probability');
    expect(certainty).toMatchObject({ default: 0.9, description: 'Probability of the exit sure.' });
    expect(parseBaseline('sure', tinyConfig())).toMatchObject({ kind: 'exit', exit: sure });
  });

  it('is an option of commands, with what it is set by', () => {
    const command = addExitOptions(new Command()).exitOverride();
    command.parse(['--exit', 'sure', '--certainty', '0.7'], { from: 'user' });
    expect(exitFlag(command.opts())).toEqual({ name: 'sure', certainty: 0.7 });
  });

  it('is refused where it is not known, and those that are, are listed', () => {
    const config = (evaluation: object) =>
      parseConfig({ name: 'a', evaluation, train: { totalSteps: 1 } } as never);
    expect(config({ exit: 'sure' }).evaluation).toMatchObject({ exit: 'sure', certainty: 0.9 });
    release();
    expect(() => config({ exit: 'sure' })).toThrow(
      /^evaluation\.exit: expected one of "sample", "threshold", "cdf", .*"fixed", got "sure"$/,
    );
    expect(() => config({ certainty: 0.5 })).toThrow('evaluation.certainty: unknown key');
  });

  it('cannot take an option for which the config has another field', () => {
    const taken = { ...sure, name: 'other', options: { episodes: z.int().describe('Episodes.') } };
    expect(() => registerExit(taken as never)).toThrow(
      'the exit other: the option episodes is already a field of evaluation: expected another name',
    );
    expect(configJsonSchema().properties!.evaluation.properties!.exit.enum).not.toContain('other');
  });
});
