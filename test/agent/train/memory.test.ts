import * as tf from '@tensorflow/tfjs-core';
import { firstValueFrom } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { byDepth, depthsOf, givenOf } from '../../../src/agent/algorithms/layout.ts';
import type { Config, ConfigInput } from '../../../src/agent/config/config.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { onStage } from '../../../src/agent/evaluate/play.ts';
import { Training } from '../../../src/agent/train/training.ts';
import { Box, Discrete, type EnvFactory } from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { fixed } from '../../../src/policy/index.ts';
import type { Trajectory } from '../../../src/rollout/index.ts';
import diaryEnv, { type DiaryOptions } from '../../support/diary-env.ts';
import { learned, run } from '../../support/short-runs.ts';
import { stir } from '../../support/small-policy.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const diary = (options: DiaryOptions) => () => diaryEnv(options);

/** Eight updates, with warm-up, release and forced depths. */
const config = (input: Partial<ConfigInput> = {}): Config =>
  tinyConfig({
    ...input,
    env: { id: 'Diary', count: 5, ...input.env },
    memory: { length: 6, prelude: 1, ...input.memory },
    recipe: { minUpdates: 1, maxWarmup: 0.2, ...input.recipe },
    evaluation: { everyUpdates: 100, episodes: 2, forcedEpisodes: 0, maxEpisodeSteps: 20 },
    train: { totalSteps: 8 * 36, seed: 3 },
    ...(input.algorithm === 'pqn' && {
      pqn: { decisions: 32, minibatch: 16, epochs: 2, ...input.pqn },
    }),
  });

/** A training whose heads have something to say, and its first rollout. */
async function begun(of: Config, factory: EnvFactory) {
  const agent = await Agent.create(of, '.', { env: factory });
  stir(agent.policy.parameters, 0.3, 3);
  const training = await Training.begin(agent, await envSource(of, '.', { env: factory }));
  onTestFinished(async () => {
    await training.dispose();
    agent.dispose();
  });
  return { agent, training };
}

describe('the first minibatch of an update', () => {
  const cases: [string, EnvFactory | undefined, Partial<ConfigInput>][] = [
    ['T-maze', undefined, { env: { id: 'TMaze-v0' }, memory: { length: 8 } }],
    ['all that can happen', diary({ lost: 0.03, length: 20 }), {}],
    ['environments that are late', diary({ slow: true }), {}],
    [
      'observations that are normalized',
      diary({}),
      { normalize: { obs: true }, memory: { prelude: 2 } },
    ],
    ['the core full', diary({}), { policy: { core: 'full' } }],
    ['the exact mixture over depths', diary({}), { halting: { rule: 'ponder' } }],
  ];
  it.each(cases)('has the ratios of acting, 1: %s', async (_, env, input) => {
    const { metrics, failure } = await run(config(input), { env });
    expect(failure).toBeUndefined();
    expect(metrics.length).toBeGreaterThan(6);
    expect(new Set(metrics.map(({ phase }) => phase))).toEqual(new Set(['warmup', 'released']));
    for (const { firstRatioError } of metrics) expect(firstRatioError).toBeLessThan(1e-5);
  });

  it('has the values of acting, with PQN', async () => {
    const { agent, training } = await begun(config({ algorithm: 'pqn' }), diary({ length: 20 }));
    training.recipe.restore({ ...training.recipe.state(), released: true });
    await firstValueFrom(training.collect());
    const { minSteps, maxSteps } = training.behavior();
    const { policy } = agent;
    const { trajectory } = training;
    const { count, offset, ponderSteps, values, masks, masked, sizes } = trajectory;
    const all = Int32Array.from({ length: count }, (_, t) => t);
    const { sorted, reach } = byDepth(all, ponderSteps);
    const outputs = tf.tidy(() => {
      const given = givenOf(trajectory.seenAt(sorted), count);
      return policy.outputs(policy.think(given, reach), depthsOf(reach)).arraySync();
    });
    let row = 0;
    for (const [k, reached] of reach.entries()) {
      for (let i = 0; i < reached; i++) {
        const t = sorted[i];
        const [value, logit] = outputs[row].slice(-2);
        const own = masks.subarray(t * sizes.maskSize, (t + 1) * sizes.maskSize);
        const { value: read } = policy.distribution.reading!(
          Float32Array.from(outputs[row++].slice(0, -2)),
          value,
          logit,
          masked ? own : undefined,
          { act: k + 1 >= minSteps, think: k + 1 < maxSteps },
        );
        expect(Math.abs(read - values[offset[t] + k])).toBeLessThan(1e-5);
      }
    }
    expect([masked, reach.length]).toEqual([true, maxSteps]);
  });
});

describe('interrupted and resumed', () => {
  const cases: [string, EnvFactory | undefined, Partial<ConfigInput>][] = [
    [
      'a T-maze',
      undefined,
      { env: { id: 'TMaze-v0', options: { length: 8 } }, memory: { length: 8 } },
    ],
    ['CartPole without velocities', undefined, { env: { id: 'CartPole-v1', hide: [1, 3] } }],
    ['several entries at once, masks, normalized', diary({}), { normalize: { obs: true } }],
    ['bytes', diary({ observes: 'bytes' }), {}],
    [
      'lists of entries, and episodes of many windows',
      diary({ observes: 'entries', length: 1000 }),
      { memory: { length: 2, prelude: 2 } },
    ],
    ['PQN', diary({}), { algorithm: 'pqn' }],
  ];
  it.each(cases)('it ends like a run in one go: %s', async (_, env, input) => {
    const of = config(input);
    const whole = await run(of, { env });
    expect(whole.failure).toBeUndefined();
    let runDir: string | undefined;
    const remembered: string[] = [];
    for (const update of [2, 5]) {
      const stop = new AbortController();
      const on: NonNullable<Parameters<typeof run>[1]>['on'] = (event) => {
        if (event.type === 'updated' && event.metrics.update === update) stop.abort();
      };
      const options = { env, on, signal: stop.signal };
      const part = await run(of, runDir ? { ...options, runDir, resume: true } : options);
      expect(part.metrics).toHaveLength(update);
      remembered.push(...Object.keys(part.optimizer!).filter((name) => name.endsWith('.rows')));
      runDir = part.runDir;
    }
    expect(remembered).not.toEqual([]);
    expect(learned(await run(of, { env, runDir, resume: true }))).toEqual(learned(whole));
  });

  it('an environment without a snapshot begins an episode that remembers nothing', async () => {
    const of = config();
    const env = diary({ snapshots: false, length: 1000, prompts: false });
    const { agent, training } = await begun(of, env);
    await firstValueFrom(training.collect());
    const checkpoint = await training.checkpoint();
    const held = ({ optimizer }: Pick<typeof checkpoint, 'optimizer'>) =>
      Object.keys(optimizer).filter((name) => name.startsWith('history'));
    expect(held(checkpoint)).not.toEqual([]);
    const source = await envSource(of, '.', { env });
    const again = await Training.begin(agent, source, checkpoint);
    onTestFinished(() => again.dispose());
    expect(held(await again.checkpoint())).toEqual([]);
  });

  it('goes on where environments had not answered: acting and learning still agree', async () => {
    const of = config();
    const env = diary({ slow: true });
    const stop = new AbortController();
    const first = await run(of, {
      env,
      signal: stop.signal,
      on: (event) => {
        if (event.type === 'updated' && event.metrics.update === 2) stop.abort();
      },
    });
    const { metrics } = await run(of, { env, runDir: first.runDir, resume: true });
    expect(metrics.length).toBeGreaterThan(6);
    for (const { firstRatioError } of metrics) expect(firstRatioError).toBeLessThan(1e-5);
  });
});

it.each(['ppo', 'pqn'] as const)(
  'two threads learn the same bits as one: %s',
  async (algorithm) => {
    const env = diary({});
    const on = (threads: number) =>
      run(config({ algorithm, memory: { prelude: 2 }, kernels: { threads } }), { env });
    const one = await on(1);
    const two = await on(2);
    expect(two.failure).toBeUndefined();
    expect(learned(two)).toEqual(learned(one));
  },
);

describe('an episode remembers nothing of the one before', () => {
  /**
   * Odd episodes show one of many cues; even ones show nothing, end at once, and can be won only by who still knows the cue.
   */
  const leaking: EnvFactory = () => {
    let [episode, cue] = [0, 0];
    return {
      observationSpace: new Box({ shape: [1], low: 0, high: 100 }),
      actionSpace: new Discrete(2),
      reset({ seed } = {}) {
        if (seed !== undefined) [episode, cue] = [0, seed % 100];
        episode++;
        cue = (cue * 7 + 13) % 101;
        return { obs: Float32Array.of(episode % 2 === 1 ? cue : 0), info: {} };
      },
      step: (action) => ({
        obs: Float32Array.of(0),
        reward: action === cue % 2 ? 1 : 0,
        terminated: true,
        truncated: false,
        info: {},
      }),
    };
  };
  const of = config({ normalize: { obs: false } });
  /** What is thought of the episodes that show nothing, and of the others. */
  const valuesOf = (thoughts: readonly { cue: number; value: number }[]) => ({
    blind: new Set(thoughts.flatMap(({ cue, value }) => (cue === 0 ? value : []))),
    shown: new Set(thoughts.flatMap(({ cue, value }) => (cue === 0 ? [] : value))),
  });

  it('in training', async () => {
    const { training } = await begun(of, leaking);
    await firstValueFrom(training.collect());
    const { trajectory }: { trajectory: Trajectory } = training;
    const thoughts = Array.from({ length: trajectory.count }, (_, t) => ({
      cue: trajectory.rows[t],
      value: trajectory.values[trajectory.offset[t]],
    }));
    const { blind, shown } = valuesOf(thoughts);
    expect(blind.size).toBe(1);
    expect(shown.size).toBeGreaterThan(5);
  });

  it('in evaluation and study', async () => {
    const { agent } = await begun(of, leaking);
    const thoughts: { cue: number; value: number }[] = [];
    const source = await envSource(of, '.', { env: leaking });
    await onStage(agent, source, { episodes: 40 }, (stage) =>
      stage.play({
        ...{ episodes: 40, seed: 2, rule: fixed(2) },
        decided: ({ observation, values }) =>
          void thoughts.push({ cue: observation.row[0], value: values[0] }),
      }),
    );
    const { blind, shown } = valuesOf(thoughts);
    expect(blind.size).toBe(1);
    expect(shown.size).toBeGreaterThan(5);
  });
});
