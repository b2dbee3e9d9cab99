import { describe, expect, it } from 'vitest';
import type { Config, ConfigInput } from '../../../../src/agent/config/config.ts';
import { Agent, evaluate } from '../../../../src/index.ts';
import { learned, run, stoppedAfter } from '../../../support/short-runs.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

const modelConfig = ({ gumbel: section, ...input }: Partial<ConfigInput> = {}): Config =>
  tinyConfig({
    ...input,
    algorithm: 'gumbel',
    gumbel: {
      ...{ model: 'learned', simulations: 8, decisions: 32, minibatch: 16, epochs: 1 },
      ...section,
    },
  });

describe('learning a model beside the policy', () => {
  it('finds what is known by what it imagines, though rewards come late', async () => {
    const { events, failure, metrics, runDir } = await run(
      modelConfig({
        env: { id: 'KnownDelay-v0', count: 16, options: { length: 2 } },
        halting: { maxSteps: 1 },
        policy: { width: 16, heads: 2, feedForward: 16 },
        gumbel: { decisions: 128, minibatch: 64, epochs: 8, learningRate: 6e-3 },
        evaluation: { everyUpdates: 1000, episodes: 50, forcedEpisodes: 0 },
        train: { totalSteps: 1536, seed: 1 },
      }),
    );
    expect(failure).toBeUndefined();
    const { evaluation } = events.find((event) => event.type === 'finished')!;
    expect(evaluation!.return.mean).toBeGreaterThan(0.97);
    const [first, last] = [metrics[0], metrics.at(-1)!] as Record<string, number | null>[];
    for (const name of ['reward', 'turn', 'value', 'state'])
      expect(last[`${name}ErrorFirst`]).toBeLessThan(first[`${name}ErrorFirst`]! / 4);
    // An episode has two actions, so none is the last of five in a row.
    expect(last.rewardErrorLast).toBeNull();
    // It decides without copies of the environment.
    const agent = await Agent.load(runDir, { set: ['decider=search', 'search.model=learned'] });
    expect((await agent.act(Int32Array.of(0, 1, 0))).action).toBe(1);
    const decider = { name: 'search', model: 'learned', simulations: 4 };
    const { return: searched, perEpisode } = await evaluate(agent, {
      decider,
      episodes: 16,
      forcedEpisodes: 0,
    });
    agent.dispose();
    expect(searched.mean).toBe(1);
    expect(perEpisode).toMatchObject({ thoughts: 2, ponderSteps: 2 * (1 + 4) });
  });

  it('goes on exactly from what it held, with both seats of a game', async () => {
    const config = () =>
      modelConfig({
        env: { id: 'TicTacToe-v0', count: 4 },
        gumbel: { simulations: 4, seats: 'every' },
        train: { totalSteps: 192, seed: 3 },
      });
    const whole = await run(config());
    const half = await run(config(), stoppedAfter(3));
    expect(half.metrics).toHaveLength(3);
    const again = await run(config(), { runDir: half.runDir, resume: true });
    expect(learned(again)).toEqual(learned(whole));
    // Whoever moves last has not lost.
    for (const { return: mean } of whole.metrics) expect(mean).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, Partial<ConfigInput>, string]>([
    ['a Box of actions', { env: { id: 'Pendulum-v1' } }, 'expected Discrete, since a search tries'],
    [
      'a memory',
      { env: { id: 'Maze-v0' }, memory: { length: 4, observationsOnly: true } },
      'decider search: expected a policy without a memory',
    ],
    [
      'both seats of a game of hidden information',
      { env: { id: 'Kuhn-v0' }, gumbel: { seats: 'every' } },
      'expected a game of perfect information',
    ],
  ])('refuses %s', async (_what, input, message) => {
    const { failure } = await run(modelConfig(input));
    expect(failure?.message).toContain(message);
  });
});
