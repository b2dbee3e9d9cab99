import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { UsageError } from '../../../src/agent/common/errors.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { type EvaluateOptions, evaluate } from '../../../src/agent/evaluate/evaluate.ts';
import { train } from '../../../src/agent/train/train.ts';
import {
  Box,
  Discrete,
  type Env,
  EnvDisconnectedError,
  type Failed,
  type Reset,
} from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { distributionFor, type Thought } from '../../../src/policy/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/**
 * Episodes begin in turn at difficulty 2 and 3 and go down to 1, a decision each. Action 1 is right:
 * it pays 1, and success is never to have been wrong. The observation is the difficulty.
 */
function countdown(): Env {
  const actionSpace = new Discrete(2);
  let [episodes, difficulty, success] = [0, 0, true];
  const now = () => ({ obs: Float32Array.of(difficulty), info: { difficulty } });
  return {
    observationSpace: new Box({ shape: [1], low: 0, high: 9 }),
    actionSpace,
    reset() {
      difficulty = 2 + (episodes++ % 2);
      success = true;
      return now();
    },
    step(action) {
      success &&= action === 1;
      difficulty--;
      const { obs, info } = now();
      const terminated = difficulty === 0;
      return {
        obs,
        reward: action as number,
        terminated,
        truncated: false,
        info: terminated ? { success } : info,
      };
    },
  };
}

/**
 * An agent that halts with probability `halt(n, difficulty)`, and knows the right action once it has
 * thought for as many steps as the difficulty.
 */
function stub(
  input: Partial<ConfigInput> = {},
  halt: (n: number, difficulty: number) => number = (n, difficulty) => (n >= difficulty ? 1 : 0),
): Agent {
  const stay = ({ z }: Thought) => tf.clone(z);
  const policy = {
    distribution: distributionFor(new Discrete(2)),
    multiplyAdds: { entry: 0, thought: 10, ponderStep: 3 },
    begin: (rows: tf.Tensor2D): Thought => ({
      z: tf.reshape(rows, [-1, 1, 1]),
      context: [],
      shared: [],
    }),
    step: stay,
    lastStep: stay,
    outputs: (z: tf.Tensor3D, n: Float32Array) => {
      const rows = Array.from(z.dataSync(), (difficulty, i) => {
        const p = Math.min(1 - 1e-12, Math.max(1e-12, halt(n[i], difficulty)));
        const logits = n[i] >= difficulty ? [0, 9] : [0, -1];
        return [...logits, 0, Math.log(p / (1 - p))];
      });
      return tf.tensor2d(rows);
    },
  };
  const config = tinyConfig({
    ...input,
    env: { id: 'Countdown', count: 1, ...input.env },
    halting: { maxSteps: 2, floor: 0, ...input.halting },
  });
  const checkUsable = () => {};
  return { config, policy, price: 0.1, normalizer: undefined, checkUsable } as unknown as Agent;
}

const steps = (of: { byDifficulty: { ponderSteps: number }[] }) =>
  of.byDifficulty.map(({ ponderSteps }) => ponderSteps);

describe('an evaluation, by hand', () => {
  it('of a policy that thinks as long as the task is hard, two steps at most', async () => {
    const found = await evaluate(stub(), { env: countdown, episodes: 4 });
    expect(found).toEqual({
      env: 'Countdown',
      episodes: 4,
      lostEpisodes: 0,
      cut: { episodes: 0, after: 10_000 },
      // From 2: 1 + 1. From 3: wrong, for lack of a step, then 1 + 1.
      return: { mean: 2, std: 0 },
      // Less .1 for one step and for two.
      netReturn: { mean: expect.closeTo(1.85, 9), std: expect.closeTo(0.05, 9) },
      successRate: 0.5,
      // Ten decisions: four of one step, six of two.
      ponderSteps: { mean: 1.6, p50: 2, p95: 2, max: 2 },
      // 2 · (2.5 · 10 + 4 · 3)
      perEpisode: { decisions: 2.5, thoughts: 2.5, ponderSteps: 4, flops: 74 },
      byDifficulty: [
        { difficulty: 1, decisions: 4, successRate: null, ponderSteps: 1 },
        { difficulty: 2, decisions: 4, successRate: 1, ponderSteps: 2 },
        { difficulty: 3, decisions: 2, successRate: 0, ponderSteps: 2 },
      ],
      // Ranks less their mean: −3 (4), 2 (6) and −3 (4), 1 (4), 4 (2).
      spearman: expect.closeTo(60 / Math.sqrt(60 * 72), 9),
      forcedDepth: [
        { ponderSteps: 1, episodes: 4, return: 1, std: 0, successRate: 0, cut: 0 },
        { ponderSteps: 2, episodes: 4, return: 2, std: 0, successRate: 0.5, cut: 0 },
      ],
    });
  });

  it('in a world that goes on during thoughts, at forced depths too', async () => {
    const agent = stub({ env: { id: 'Countdown', count: 1, realTime: { noop: 0 } } });
    const found = await evaluate(agent, { env: countdown, episodes: 4 });
    // From 2: 0 while it thinks, then 1. From 3: 0, then 0 for lack of a step, then 1.
    expect(found.return).toEqual({ mean: 1, std: 0 });
    expect(found.ponderSteps.mean).toBe(10 / 6);
    expect(found.forcedDepth).toEqual([
      { ponderSteps: 1, episodes: 4, return: 1, std: 0, successRate: 0, cut: 0 },
      // From 2: 0, then 1. From 3: 0, 0, and the end while it holds 0.
      { ponderSteps: 2, episodes: 4, return: 0.5, std: 0.5, successRate: 0, cut: 0 },
    ]);
  });

  it('beyond the steps of training', async () => {
    const found = await evaluate(stub(), { env: countdown, episodes: 4, maxSteps: 3 });
    expect(found.return.mean).toBe(2.5);
    expect(found.successRate).toBe(1);
    expect(steps(found)).toEqual([1, 2, 3]);
    expect(found.forcedDepth).toEqual([
      { ponderSteps: 1, episodes: 4, return: 1, std: 0, successRate: 0, cut: 0 },
      { ponderSteps: 2, episodes: 4, return: 2, std: 0, successRate: 0.5, cut: 0 },
      { ponderSteps: 3, episodes: 4, return: 2.5, std: 0.5, successRate: 1, cut: 0 },
    ]);
  });

  it('of an environment that says nothing of difficulty and success', async () => {
    const silent = () => {
      const env = countdown();
      return {
        ...env,
        reset: () => ({ ...env.reset(), info: {} }),
        step: (action: unknown) => ({ ...env.step(action), info: {} }),
      } as Env;
    };
    const found = await evaluate(stub(), { env: silent, episodes: 4, forcedEpisodes: 1 });
    expect(found).toMatchObject({ successRate: null, byDifficulty: [], spearman: null });
    expect(found.return.mean).toBe(2);
    expect(found.forcedDepth[0]).toEqual({
      ...{ ponderSteps: 1, episodes: 1, return: 1, std: 0 },
      ...{ successRate: null, cut: 0 },
    });
  });

  it('of every depth from minSteps on, or of the depths asked for, or of none', async () => {
    const agent = stub({ halting: { minSteps: 2, maxSteps: 4, floor: 0 } });
    const depths = async (options: { depths?: number[]; forcedEpisodes?: number }) =>
      (await evaluate(agent, { env: countdown, episodes: 2, ...options })).forcedDepth.map(
        (entry) => entry.ponderSteps,
      );
    expect(await depths({})).toEqual([2, 3, 4]);
    expect(await depths({ depths: [2, 4] })).toEqual([2, 4]);
    expect(await depths({ forcedEpisodes: 0 })).toEqual([]);
  });
});

describe('halting', () => {
  const run = (agent: Agent, options: Parameters<typeof evaluate>[1]) =>
    evaluate(agent, { env: countdown, episodes: 4, forcedEpisodes: 0, ...options });

  it('fixed takes so many steps, also more than were trained', async () => {
    expect(steps(await run(stub(), { exit: { name: 'fixed', ponderSteps: 1 } }))).toEqual([
      1, 1, 1,
    ]);
    expect(steps(await run(stub(), { exit: { name: 'fixed', ponderSteps: 5 } }))).toEqual([
      5, 5, 5,
    ]);
    expect(steps(await run(stub(), { exit: 'fixed' }))).toEqual([2, 2, 2]);
  });

  it('fixed is the default of an agent trained so', async () => {
    const agent = stub({ halting: { rule: 'fixed', ponderSteps: 3, maxSteps: 4 } });
    expect(steps(await run(agent, {}))).toEqual([3, 3, 3]);
  });

  it('random matches the histogram and not the moment', async () => {
    const agent = stub({ halting: { maxSteps: 3, floor: 0 } });
    const options = { episodes: 200, env: countdown };
    const own = await run(agent, options);
    const random = await run(agent, { ...options, exit: 'random' });
    // 500 decisions of mean 1.8 and deviation .75.
    expect(own.ponderSteps.mean).toBe(1.8);
    expect(Math.abs(random.ponderSteps.mean - 1.8)).toBeLessThan(0.1);
    expect(own.spearman).toBeCloseTo(1, 9);
    expect(Math.abs(random.spearman!)).toBeLessThan(0.15);
    for (const mean of steps(random)) expect(Math.abs(mean - 1.8)).toBeLessThan(0.25);
  });

  it('converge stops a step after the action distribution stopped moving', async () => {
    const agent = stub({ halting: { maxSteps: 4, floor: 0 } });
    // At 2 the distribution has not moved yet (3), has moved just now (2), has moved before (1).
    expect(steps(await run(agent, { exit: 'converge' }))).toEqual([2, 3, 2]);
    expect(steps(await run(agent, { exit: { name: 'converge', tolerance: 100 } }))).toEqual([
      2, 2, 2,
    ]);
  });

  it('exits by cumulative probability, by threshold or by drawing', async () => {
    // Probability to have halted by n: .3, .51, .657, .76.
    const hesitant = (quantile: number) =>
      stub({ halting: { maxSteps: 4, floor: 0 }, evaluation: { quantile } }, () => 0.3);
    expect(steps(await run(hesitant(0.5), { exit: 'cdf' }))).toEqual([2, 2, 2]);
    expect(steps(await run(hesitant(0.65), {}))).toEqual([3, 3, 3]);
    expect(steps(await run(hesitant(0.5), { exit: 'threshold' }))).toEqual([4, 4, 4]);
    expect(steps(await run(hesitant(0.29), { exit: 'threshold' }))).toEqual([1, 1, 1]);
    const drawn = await run(hesitant(0.5), { exit: 'sample', episodes: 200 });
    // 1 · .3 + 2 · .21 + 3 · .147 + 4 · .343, of 500 decisions.
    expect(Math.abs(drawn.ponderSteps.mean - 2.533)).toBeLessThan(0.15);
  });

  it('counts the cumulative probability from minSteps on', async () => {
    const agent = stub({ halting: { minSteps: 2, maxSteps: 4, floor: 0 } }, () => 0.45);
    expect(steps(await run(agent, {}))).toEqual([3, 3, 3]);
  });

  it('refuses fewer steps than minSteps', async () => {
    const agent = stub({ halting: { minSteps: 2 } });
    await expect(run(agent, { maxSteps: 1 })).rejects.toThrow(UsageError);
    await expect(run(agent, { maxSteps: 1 })).rejects.toThrow(
      'maxSteps: expected an integer in 2..1000 (halting.minSteps..1000), got 1',
    );
  });
});

describe('episodes', () => {
  // Of five environments, each beginning with the short episode of two decisions.
  it.each([
    [1, 2],
    [3, 6],
    [8, 5 * 2 + 3 * 3],
    [13, 5 * 2 + 5 * 3 + 3 * 2],
  ])('are exactly as many as asked for: %i', async (episodes, decisions) => {
    const agent = stub({ env: { id: 'Countdown', count: 5 } });
    const found = await evaluate(agent, { env: countdown, episodes, forcedEpisodes: 0 });
    expect(found.episodes).toBe(episodes);
    expect(found.byDifficulty.reduce((sum, level) => sum + level.decisions, 0)).toBe(decisions);
  });

  it('are shared out, so that short ones are not preferred', async () => {
    const agent = stub({ env: { id: 'Countdown', count: 4 } });
    const { byDifficulty } = await evaluate(agent, {
      env: countdown,
      episodes: 8,
      forcedEpisodes: 0,
    });
    // Four of each length, though the short ones are over first.
    expect(byDifficulty.map(({ decisions }) => decisions)).toEqual([8, 8, 4]);
  });

  it('are those of the config’s environment: its options and limits hold for one given too', async () => {
    const given: unknown[] = [];
    const env = (options: unknown) => {
      given.push(options);
      return countdown();
    };
    const options = { color: 'red' };
    const agent = stub({ env: { id: 'Countdown', count: 1, maxEpisodeSteps: 1, options } });
    const found = await evaluate(agent, { env, episodes: 4, forcedEpisodes: 0 });
    expect(found.byDifficulty.map(({ decisions }) => decisions)).toEqual([2, 2]);
    expect(given[0]).toEqual(options);
  });

  it('end where the signal says so', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(evaluate(stub(), { env: countdown, signal })).rejects.toThrow('enough');
  });

  it('end at once where it says so later: in the middle of a step, or as they are made', async () => {
    for (const at of ['step', 'factory'] as const) {
      const controller = new AbortController();
      const { signal } = controller;
      const never = () => {
        controller.abort(new Error('enough'));
        return new Promise<never>(() => {});
      };
      const env = at === 'factory' ? never : () => ({ ...countdown(), step: never });
      const agent = stub({ env: { id: 'Countdown', count: 1, timeoutMs: 20 } });
      await expect(evaluate(agent, { env, signal })).rejects.toThrow('enough');
    }
  });

  /** Goes on for ever, and counts what is made, begun and closed. */
  function endless() {
    const counts = { made: 0, begun: 0, closed: 0 };
    const env = (): Env => {
      counts.made++;
      const reset = () => {
        counts.begun++;
        return { obs: Float32Array.of(1), info: { difficulty: 1 } };
      };
      const on = { obs: Float32Array.of(1), reward: 1, terminated: false, truncated: false };
      const step = () => ({ ...on, info: { difficulty: 1 } });
      return { ...countdown(), reset, step, close: () => void counts.closed++ };
    };
    return { env, counts };
  }

  it('that do not end are truncated, and that is said', async () => {
    const agent = stub({ evaluation: { maxEpisodeSteps: 50 }, env: { id: 'Endless', count: 2 } });
    const found = await evaluate(agent, { env: endless().env, episodes: 4 });
    expect(found).toMatchObject({ episodes: 4, cut: { episodes: 4, after: 50 } });
    expect(found.return).toEqual({ mean: 50, std: 0 });
    expect(found.byDifficulty).toEqual([
      { difficulty: 1, decisions: 200, successRate: null, ponderSteps: 1 },
    ]);
    expect(found.forcedDepth.map(({ cut }) => cut)).toEqual([4, 4]);
  });

  it('that end just then are not, nor are those that the environment truncates', async () => {
    const cut = async (input: Partial<ConfigInput['env']>, maxEpisodeSteps: number) => {
      const env = { id: 'Countdown', count: 1, ...input };
      const agent = stub({ evaluation: { maxEpisodeSteps }, env });
      return (await evaluate(agent, { env: countdown, episodes: 2, forcedEpisodes: 0 })).cut;
    };
    expect(await cut({}, 3)).toEqual({ episodes: 0, after: 3 });
    expect(await cut({}, 2)).toEqual({ episodes: 1, after: 2 });
    expect(await cut({ maxEpisodeSteps: 2 }, 2)).toEqual({ episodes: 0, after: 2 });
  });

  it('have the same environments for all depths, which are made and closed once', async () => {
    const { env, counts } = endless();
    const agent = stub({ evaluation: { maxEpisodeSteps: 5 }, env: { id: 'Endless', count: 2 } });
    await evaluate(agent, { env, episodes: 3, forcedEpisodes: 1, depths: [1, 2] });
    expect(counts).toEqual({ made: 2, begun: 3 + 1 + 1, closed: 2 });
  });

  it('that are lost are played again, unless there is no end to it', async () => {
    const losing = (often: number) => () => {
      let [t, left] = [0, often];
      const env = countdown();
      const reset = () => {
        t = 0;
        return env.reset();
      };
      const step = async (action: unknown) => {
        if (t++ === 1 && left-- > 0) throw new EnvDisconnectedError('the server has failed');
        return env.step(action);
      };
      return { ...env, reset, step } as Env;
    };
    const options = { episodes: 2, forcedEpisodes: 0 };
    const found = await evaluate(stub(), { env: losing(5), ...options });
    expect(found).toMatchObject({ episodes: 2, lostEpisodes: 5 });
    // Each gets a step further than is needed to be taken for dead.
    await expect(evaluate(stub(), { env: losing(Infinity), ...options })).rejects.toThrow(
      /^Countdown \(environment 0, .*\) lost 11 episodes while playing 2: the server has failed$/,
    );
  });

  it('outlive environments that fail as often as in training, and cannot be closed', async () => {
    const failing = (fails: number) => {
      let left = fails;
      return (): Env => {
        const own = countdown();
        const reset = () => {
          if (left-- > 0) throw new Error('the motor is hot');
          return own.reset() as Reset;
        };
        const close = () => {
          throw new Error('the viewer is gone');
        };
        return { ...own, reset, close };
      };
    };
    const agent = stub({ guards: { envFailures: 2 } });
    const reported: [string, string | undefined][] = [];
    const tolerance = {
      maxFailures: 2,
      onFailure: ({ error, aside }: Failed) => reported.push([error.message, aside]),
    };
    const options = { episodes: 1, forcedEpisodes: 0, tolerance };
    expect((await evaluate(agent, { env: failing(2), ...options })).episodes).toBe(1);
    expect(reported).toEqual([
      [expect.stringContaining('reset threw: the motor is hot'), undefined],
      [expect.stringContaining('reset threw: the motor is hot'), undefined],
      [expect.stringContaining('close threw: the viewer is gone'), 'close'],
    ]);
    const unasked = { ...options, tolerance: undefined };
    expect((await evaluate(agent, { env: failing(2), ...unasked })).episodes).toBe(1);
    await expect(evaluate(agent, { env: failing(3), ...unasked })).rejects.toThrow('is hot');
  });

  it.each<[string, object, string]>([
    ['none', { episodes: 0 }, 'evaluate: episodes: expected an integer ≥ 1, got 0'],
    ['part of one', { episodes: 1.5 }, 'evaluate: episodes: expected an integer ≥ 1, got 1.5'],
    ['misspelt', { episode: 1 }, 'evaluate: episode: no such option; did you mean episodes?'],
    ['at no depth', { depths: [0] }, 'evaluate: depths: expected'],
    ['by no rule', { exit: 'never' }, 'evaluate: exit: expected'],
  ])('are refused where they are %s', async (_, options, message) => {
    const refused = evaluate(stub(), { env: countdown, ...options } as never);
    await expect(refused).rejects.toThrow(message);
  });

  it('take the most likely actions, or draw them by the seed', async () => {
    const play = (options: EvaluateOptions, input = {}) =>
      evaluate(stub(input), {
        ...{ env: countdown, episodes: 40, forcedEpisodes: 0, seed: 1 },
        ...options,
      });
    const likely = await play({});
    // Where it has too few steps it is wrong; drawn, it is right now and then.
    expect(likely.successRate).toBe(0.5);
    const drawn = await play({ deterministic: false });
    expect(drawn.successRate).toBeGreaterThan(0.5);
    expect(await play({ deterministic: false })).toEqual(drawn);
    expect(await play({ deterministic: false, seed: 2 })).not.toEqual(drawn);
    // As the config has it, unless the call says otherwise.
    const config = { evaluation: { deterministic: false } };
    expect(await play({}, config)).toEqual(drawn);
    expect(await play({ deterministic: true }, config)).toEqual(likely);
  });

  it.each<[object, string | RegExp]>([
    [{ seed: -1 }, 'evaluate: seed: expected an integer ≥ 0, got -1'],
    [{ exit: 'x' }, /^evaluate: exit: expected one of "sample", "threshold", "cdf", .*got "x"$/],
    [{ exit: { name: 'x' } }, 'evaluate: exit: expected one of "sample", "threshold", "cdf", '],
    [
      { exit: { name: 'fixed', ponderSteps: 0 } },
      'exit fixed: ponderSteps: expected an integer ≥ 1, got 0',
    ],
    [
      { exit: { name: 'converge', tolerance: Number.NaN } },
      'exit converge: tolerance: expected a number > 0, got NaN',
    ],
    [
      { exit: { name: 'converge', quantile: 0.5 } },
      'exit converge: quantile: no such option; expected one of tolerance',
    ],
    [
      { exit: { name: 'sample', quantile: 0.5 } },
      'exit sample: quantile: no such option; it takes none',
    ],
    [
      { halting: 'fixed' },
      'evaluate: halting: no such option; expected one of episodes, seed, exit',
    ],
    [{ forcedEpisodes: -1 }, 'evaluate: forcedEpisodes: expected an integer ≥ 0, got -1'],
    [{ depths: [0] }, 'evaluate: depths: expected a list, each an integer ≥ 1'],
    [
      { depths: [1, 3] },
      'depths: expected ponder steps in 1..2 (halting.minSteps..maxSteps), got 3',
    ],
    [{ episode: 3 }, 'evaluate: episode: no such option; did you mean episodes?'],
  ])('are not played with %o', async (options, message) => {
    const refused = evaluate(stub(), { env: countdown, episodes: 1, ...options });
    await expect(refused).rejects.toThrow(message);
  });

  it('are counted as they are played', async () => {
    const reported: unknown[] = [];
    const options = { env: countdown, episodes: 2, forcedEpisodes: 1, depths: [1] };
    await evaluate(stub(), { ...options, progress: (progress) => reported.push(progress) });
    expect(reported.at(-1)).toEqual({ episodes: 3, decisions: 2 + 3 + 2, of: 3 });
    expect(reported).toHaveLength(7);
  });
});

describe('of a real agent', () => {
  it('the same seed plays the same episodes, and leaves the agent as it was', async () => {
    const env = { id: 'KHop-v0', options: { layers: 2, width: 3 }, count: 4 };
    const agent = await Agent.create(tinyConfig({ env }), '.');
    const before = await agent.policy.parameters.read();
    const { numTensors } = tf.memory();
    const run = (seed?: number) =>
      evaluate(agent, { seed, episodes: 24, exit: 'sample', forcedEpisodes: 8 });
    const one = await run(3);
    expect(await run(3)).toEqual(one);
    expect(await run(4)).not.toEqual(one);
    expect(await run()).toEqual(await run());
    expect(one.byDifficulty.map(({ difficulty }) => difficulty)).toEqual([1, 2]);
    expect(one.byDifficulty.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(24);
    expect(one.forcedDepth.map((entry) => entry.ponderSteps)).toEqual([1, 2, 3]);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(await agent.policy.parameters.read()).toEqual(before);
    agent.dispose();
  });

  it('statistics of observations are used and not learned', async () => {
    const env = { id: 'Pendulum-v1', count: 2, maxEpisodeSteps: 5 };
    const agent = await Agent.create(tinyConfig({ env, normalize: { obs: true } }), '.');
    agent.normalizer!.update([1, 2, 3, -1, 0, 5], 2);
    const before = agent.normalizer!.state();
    await evaluate(agent, { episodes: 4, forcedEpisodes: 0 });
    expect(agent.normalizer!.state()).toEqual(before);
    agent.dispose();
  });

  it('a grid policy plays grids of other sizes than it was trained on', async () => {
    const runDir = tempDir();
    const config = tinyConfig({
      env: { id: 'Maze-v0', options: { size: 2 }, count: 8, maxEpisodeSteps: 4 },
      policy: { core: 'full' },
    });
    await train(config, { runDir });
    const agent = await Agent.load(runDir, {
      set: ['env.options.size=4', 'env.maxEpisodeSteps=6'],
    });
    expect(agent.observationSpace.size).toBe(4 * 4 * 6);
    const found = await evaluate(agent, { episodes: 8, maxSteps: 5, forcedEpisodes: 2 });
    expect(found.byDifficulty.at(-1)!.difficulty).toBeGreaterThan(3);
    expect(found.forcedDepth).toHaveLength(5);
    agent.dispose();
  });
});

describe('evaluation.options', () => {
  it('go over those of env.options, which stay those of training', async () => {
    const paid = ({ reward = 0, seen = 1 } = {}): Env => ({
      observationSpace: new Discrete(9),
      actionSpace: new Discrete(2),
      reset: () => ({ obs: seen, info: {} }),
      step: () => ({ obs: seen, reward, terminated: true, truncated: false, info: {} }),
    });
    const config = tinyConfig({
      env: { options: { reward: 1, seen: 3 } },
      evaluation: { options: { reward: 7 }, everyUpdates: 0 },
      train: { totalSteps: 32 },
    });
    const runDir = tempDir();
    const returns: (number | null)[] = [];
    const { evaluation } = await train(config, {
      ...{ runDir, env: paid },
      on: (event) => {
        if (event.type === 'updated') returns.push(event.metrics.return);
      },
    });
    expect(returns).toEqual([1]);
    expect(evaluation!.return.mean).toBe(7);
  });
});
