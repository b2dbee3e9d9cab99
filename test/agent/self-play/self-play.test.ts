import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { policyInGame, train, type UpdateMetrics } from '../../../src/agent/index.ts';
import { CheckpointStore } from '../../../src/agent/run/index.ts';
import { SelfPlay } from '../../../src/agent/self-play/self-play.ts';
import { standings } from '../../../src/agent/self-play/standings.ts';
import type { TrainingState } from '../../../src/agent/train/training-state.ts';
import { exploitability, GameTree, makeEnv, makeGame } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

type Settings = Partial<NonNullable<ConfigInput['selfPlay']>>;

const configOf = (id: string, selfPlay: Settings, input: Partial<ConfigInput> = {}) =>
  tinyConfig({ ...input, env: { id, count: 8, ...input.env }, selfPlay });

/** A pool beside its untrained agent. */
async function poolOf(id: string, settings: Settings, seed = 7) {
  const config = configOf(id, settings, { train: { totalSteps: 64, seed } });
  const agent = await Agent.create(config, '.');
  return { agent, pool: new SelfPlay(agent, config.selfPlay!, false) };
}

/** Fills the weights of an agent with other numbers. */
async function disturb(agent: Agent, by: number) {
  const weights = await agent.policy.parameters.read();
  for (const { data } of Object.values(weights))
    for (let i = 0; i < data.length; i++) data[i] += by;
  agent.policy.parameters.write(weights);
}

beforeAll(() => loadBackend('simd', { threads: 1 }));

describe('the lineup', () => {
  it('draws kinds by their shares, and the latest self while there is no past one', async () => {
    const { agent, pool } = await poolOf('TicTacToe-v0', {
      ...{ latest: 0.25, fixed: 0.25, opponents: ['random', 'perfect'] },
      ...{ everyUpdates: 1, size: 2 },
    });
    const rng = Rng.seed(1, 'lineup');
    const shares = () => {
      const counts: Record<string, number> = {};
      for (let i = 0; i < 4000; i++) {
        const name = pool.draw(rng);
        counts[name] = (counts[name] ?? 0) + 1 / 4000;
      }
      return counts;
    };
    const before = shares();
    expect(Object.keys(before).sort()).toEqual(['latest', 'perfect', 'random']);
    expect(before.latest).toBeCloseTo(0.75, 1);
    await pool.afterUpdate(1, false);
    await pool.afterUpdate(2, false);
    const after = shares();
    expect(after.latest).toBeCloseTo(0.25, 1);
    expect(after.perfect).toBeCloseTo(0.125, 1);
    expect(after['past 0']).toBeCloseTo(0.25, 1);
    expect(after['past 1']).toBeCloseTo(0.25, 1);
    expect(['past 1', 'latest', 'perfect'].map((name) => pool.kind(name))).toEqual([
      ...['past', 'latest', 'perfect'],
    ]);
    pool.dispose();
    agent.dispose();
  });

  it('keeps past selves as they were, and the latest as it is', async () => {
    const { agent, pool } = await poolOf('Kuhn-v0', { everyUpdates: 1, size: 2 });
    const obs = Int32Array.of(0, 2, 1, 2, 0);
    const kuhn = makeGame('Kuhn-v0');
    /** How often of 200 draws a member bets. */
    const bets = async (name: string) => {
      const draws = Array.from({ length: 200 }, (_, i) =>
        pool.opponent(name)(obs, [0, 1], Rng.seed(i, 'bets'), kuhn),
      );
      return (await Promise.all(draws)).filter((action) => action === 1).length;
    };
    const begun = await bets('latest');
    await pool.afterUpdate(1, false);
    await disturb(agent, 0.5);
    expect(await bets('past 0')).toBe(begun);
    expect(await bets('latest')).not.toBe(begun);
    pool.dispose();
    agent.dispose();
  });

  it('is of each self that was offered with the same probability', {
    timeout: 300_000,
  }, async () => {
    const [offered, size, seeds] = [8, 2, 60];
    const counts = new Array(offered).fill(0);
    for (let seed = 0; seed < seeds; seed++) {
      const { agent, pool } = await poolOf('Kuhn-v0', { everyUpdates: 10, size }, seed);
      for (let update = 1; update <= 10 * offered; update++) await pool.afterUpdate(update, false);
      const { past } = pool.state();
      expect(new Set(past.map(({ update }) => update)).size).toBe(size);
      for (const { update } of past) counts[update / 10 - 1]++;
      pool.dispose();
      agent.dispose();
    }
    // Binomial: 60 trials at 2/8, a mean of 15 and a deviation of 3.4.
    for (const count of counts) expect(Math.abs(count - 15)).toBeLessThan(4 * 3.4);
  });
});

describe('training by self-play', () => {
  const settings = { ...{ latest: 0.3, fixed: 0.2, opponents: ['random'] }, games: 4 };
  const config = configOf(
    'Kuhn-v0',
    { ...settings, everyUpdates: 1, size: 2 },
    { train: { totalSteps: 200, seed: 3 }, evaluation: { everyUpdates: 4, episodes: 4 } },
  );
  const latestOf = (dir: string) => new CheckpointStore(join(dir, 'checkpoints')).load('latest');

  it('continues exactly, opponents and all, and no decision is stale', {
    timeout: 300_000,
  }, async () => {
    const dir = tempDir();
    const [whole, parts] = [join(dir, 'whole'), join(dir, 'parts')];
    const updates: UpdateMetrics[] = [];
    await train(config, {
      runDir: whole,
      on: (event) => event.type === 'updated' && updates.push(event.metrics),
    });
    for (const at of [2, 4]) {
      const controller = new AbortController();
      await train(config, {
        runDir: parts,
        resume: at > 2,
        signal: controller.signal,
        on: (event) =>
          event.type === 'updated' && event.metrics.update === at && controller.abort(),
      });
    }
    const { interrupted } = await train(config, { runDir: parts, resume: true });
    expect(interrupted).toBe(false);
    const [one, other] = [await latestOf(whole), await latestOf(parts)];
    expect(other.weights).toEqual(one.weights);
    expect(other.optimizer).toEqual(one.optimizer);
    const [a, b] = [one, other].map(({ state }) => state as TrainingState);
    expect(b.envs).toEqual(a.envs);
    expect(b.selfPlay).toEqual(a.selfPlay);
    expect(a.selfPlay!.offered).toBe(a.update);
    expect(Object.keys(one.optimizer).some((name) => name.startsWith('selfPlay.1.'))).toBe(true);
    expect(updates.length).toBeGreaterThan(4);
    expect(updates.map(({ staleDecisions }) => staleDecisions)).toEqual(updates.map(() => 0));
    const kinds = new Set(updates.flatMap(({ envMetrics = {} }) => Object.keys(envMetrics)));
    for (const kind of ['latest', 'past', 'random'])
      expect(kinds).toContain(`return against ${kind}`);
  });

  it('says in each evaluation how strong the policy is, and how exploitable', {
    timeout: 300_000,
  }, async () => {
    const evaluations: Record<string, number>[] = [];
    await train(config, {
      runDir: join(tempDir(), 'run'),
      on: (event) =>
        event.type === 'evaluated' && evaluations.push({ ...event.evaluation.envMetrics }),
    });
    const [first] = evaluations;
    expect(
      Object.keys(first)
        .filter((name) => !name.startsWith('return'))
        .sort(),
    ).toEqual([
      ...['elo/latest', 'elo/latest/error', 'elo/past', 'elo/past/error', 'exploitability'],
    ]);
    expect(first.exploitability).toBeGreaterThan(0.1);
    expect(first['elo/latest/error']).toBeGreaterThan(0);
  });

  it('compares with fixed opponents', async () => {
    const { agent, pool } = await poolOf('TicTacToe-v0', { opponents: ['perfect'] });
    const found = await standings(agent, pool, { games: 20, seed: 1 });
    expect(Object.keys(found)).toEqual([
      ...['elo/latest', 'elo/latest/error', 'elo/perfect', 'elo/perfect/error'],
    ]);
    expect(found['elo/perfect']).toBeGreaterThan(found['elo/latest']);
    expect(found['elo/perfect']).toBeGreaterThan(100);
    agent.dispose();
  });

  it('makes Kuhn’s poker less exploitable', { timeout: 300_000 }, async () => {
    const runDir = join(tempDir(), 'kuhn');
    await train(
      tinyConfig({
        env: { id: 'Kuhn-v0', count: 32 },
        selfPlay: { everyUpdates: 5, games: 0 },
        policy: { width: 16, heads: 2, feedForward: 32 },
        halting: { rule: 'fixed', maxSteps: 1 },
        ppo: {
          ...{ decisions: 512, minibatch: 256, epochs: 4, learningRate: 3e-3 },
          ...{ entropy: 0.05, clip: 0.1, gamma: 1, lambda: 1 },
        },
        evaluation: { everyUpdates: 0, episodes: 0 },
        train: { totalSteps: 12_000, seed: 1 },
      }),
      { runDir },
    );
    const agent = await Agent.load(runDir);
    const tree = new GameTree(makeGame('Kuhn-v0'));
    // Uniform play: .4583; a policy that always does the same: 1 and more.
    expect(exploitability(tree, await policyInGame(agent, tree))).toBeLessThan(0.3);
    agent.dispose();
  });
});

describe('a config of self-play', () => {
  it.each([
    [{ env: { id: 'CartPole-v1' } }, /env\.id: expected a built-in game together with selfPlay/],
    [{ selfPlay: { fixed: 0.2 } }, /selfPlay\.fixed: expected 0, since opponents has none/],
    [
      { selfPlay: { latest: 0.9, fixed: 0.2, opponents: ['random'] } },
      /selfPlay\.fixed: expected at most 1 together with latest/,
    ],
    [
      { selfPlay: { opponents: ['random', 'perfect'] } },
      /selfPlay\.opponents\.1: expected an opponent of Kuhn-v0, one of random, got "perfect"/,
    ],
    [{ memory: { length: 4 } }, /memory\.length: expected 0 together with selfPlay/],
    [{ env: { id: 'Kuhn-v0', workers: 1 } }, /env\.workers: expected none together with selfPlay/],
    [{ env: { id: 'Kuhn-v0', hide: [0] } }, /env\.hide: expected none together with selfPlay/],
    [{ algorithm: 'pqn' }, /algorithm: expected ppo together with selfPlay/],
  ] satisfies [Partial<ConfigInput>, RegExp][])('%j is refused', (input, message) => {
    const all = { env: { id: 'Kuhn-v0' }, selfPlay: {}, ...input } as Partial<ConfigInput>;
    expect(() => tinyConfig(all)).toThrow(message);
  });

  it('and an environment in code are refused together', async () => {
    const training = train(configOf('Kuhn-v0', {}), {
      env: () => makeEnv('Kuhn-v0'),
      runDir: join(tempDir(), 'run'),
    });
    await expect(training).rejects.toThrow(
      'env: expected none together with selfPlay, which plays the game of env.id',
    );
  });
});
