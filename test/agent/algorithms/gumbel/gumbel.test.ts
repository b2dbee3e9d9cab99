import { describe, expect, it, onTestFinished } from 'vitest';
import { errorsIn } from '../../../../bench/errors-in.ts';
import type { Config, ConfigInput } from '../../../../src/agent/config/config.ts';
import { makeGame } from '../../../../src/envs/index.ts';
import { Agent } from '../../../../src/index.ts';
import { learned, run, stoppedAfter } from '../../../support/short-runs.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

const gumbelConfig = ({ gumbel: section, ...input }: Partial<ConfigInput> = {}): Config =>
  tinyConfig({
    ...input,
    algorithm: 'gumbel',
    gumbel: { simulations: 8, decisions: 32, minibatch: 16, epochs: 1, ...section },
  });

describe('learning from searches', () => {
  it('finds what is known, though rewards come late', async () => {
    const { events, failure, metrics } = await run(
      gumbelConfig({
        env: { id: 'KnownDelay-v0', count: 16 },
        halting: { maxSteps: 1 },
        policy: { width: 16, heads: 2, feedForward: 16 },
        gumbel: { decisions: 128, replay: 128, minibatch: 64, epochs: 4, learningRate: 1e-2 },
        evaluation: { everyUpdates: 1000, episodes: 50, forcedEpisodes: 0 },
        train: { totalSteps: 1536, seed: 1 },
      }),
    );
    expect(failure).toBeUndefined();
    const { evaluation } = events.find((event) => event.type === 'finished')!;
    expect(evaluation!.return.mean).toBeGreaterThan(0.97);
    expect(metrics.at(-1)!.policyLoss).toBeLessThan(0.05);
  });

  it('looks at positions as they are where frames are stacked, since a mirror of them is not known', async () => {
    const { failure, metrics } = await run(
      gumbelConfig({
        env: { id: 'TicTacToe-v0', count: 8, frameStack: 2 },
        gumbel: { model: 'learned' },
        halting: { maxSteps: 1 },
        evaluation: { everyUpdates: 1000, episodes: 1, forcedEpisodes: 0 },
        train: { totalSteps: 64, seed: 1 },
      }),
    );
    expect(failure).toBeUndefined();
    expect(metrics.at(-1)!.policyLoss).toBeDefined();
  });

  it('makes a network that plays tic-tac-toe by itself, of plays against itself from any position', async () => {
    const { runDir, events, failure, metrics } = await run(
      gumbelConfig({
        env: { id: 'TicTacToe-v0', count: 32, options: { opening: 8 } },
        halting: { maxSteps: 1 },
        normalize: { obs: false, reward: false },
        policy: { width: 32, heads: 2, feedForward: 32 },
        gumbel: {
          ...{ seats: 'every', decisions: 512, minibatch: 128, epochs: 12 },
          ...{ replay: 4096, learningRate: 4e-3, gamma: 1 },
        },
        evaluation: { everyUpdates: 1000, episodes: 4, forcedEpisodes: 0 },
        train: { totalSteps: 5120, seed: 1 },
      }),
    );
    expect(failure).toBeUndefined();
    const { evaluation } = events.find((event) => event.type === 'finished')!;
    const { thoughts, decisions } = evaluation!.perEpisode!;
    expect(thoughts).toBe(decisions);
    expect(metrics.at(-1)!.policyLoss).toBeLessThan(metrics[0].policyLoss as number);
    const agent = await Agent.load(runDir);
    onTestFinished(() => agent.dispose());
    // It comes to .32; 10,000 decisions without openings, each rollout learned from by itself, left .46.
    const { errors, positions } = await errorsIn(makeGame('TicTacToe-v0'), agent);
    expect(positions).toBe(4520);
    expect(errors / positions).toBeLessThan(0.36);
  }, 180_000);

  it('goes on exactly from what it held', async () => {
    const config = () =>
      gumbelConfig({
        env: { id: 'TicTacToe-v0', count: 4 },
        gumbel: { simulations: 4, replay: 80 },
        train: { totalSteps: 192, seed: 3 },
      });
    const whole = await run(config());
    const half = await run(config(), stoppedAfter(3));
    expect(half.metrics).toHaveLength(3);
    const again = await run(config(), { runDir: half.runDir, resume: true });
    expect(learned(again)).toEqual(learned(whole));
    expect(whole.optimizer!['replay.returns'].shape).toEqual([80, 1]);
  });

  it.each<[string, Partial<ConfigInput>, string]>([
    ['a Box of actions', { env: { id: 'Pendulum-v1' } }, 'expected Discrete, since a search tries'],
    ['hidden information', { env: { id: 'Kuhn-v0' } }, 'expected a game of perfect information'],
    [
      'a memory',
      { env: { id: 'Maze-v0' }, memory: { length: 4, observationsOnly: true } },
      'decider search: expected a policy without a memory',
    ],
  ])('refuses %s', async (_what, input, message) => {
    const { failure } = await run(gumbelConfig(input));
    expect(failure?.message).toContain(message);
  });
});
