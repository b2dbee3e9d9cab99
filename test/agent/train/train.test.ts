import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { Learner } from '../../../src/agent/algorithms/ppo/learner.ts';
import { UsageError } from '../../../src/agent/common/errors.ts';
import type { Config, ConfigInput } from '../../../src/agent/config/config.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { evaluate } from '../../../src/agent/evaluate/evaluate.ts';
import type { Evaluation, TrainEvent, UpdateMetrics } from '../../../src/agent/events/events.ts';
import { CheckpointError, CheckpointStore, readMetrics } from '../../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../../src/agent/train/train.ts';
import { Training } from '../../../src/agent/train/training.ts';
import { type Env, EnvError, type Step } from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { Scheduler } from '../../../src/rollout/index.ts';
import breakingEnv, { type Fault } from '../../support/breaking-env.ts';
import { CountEnv } from '../../support/count-env.ts';
import { passTime, stopTime } from '../../support/hang-time.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** Four decisions an episode, cut across updates; released, forced and steered on the way. */
const RECIPE: Partial<ConfigInput> = {
  env: { id: 'KnownDelay-v0', count: 5 },
  recipe: { minUpdates: 3, releaseReturn: 0.2, maxWarmup: 0.5 },
  price: { targetSteps: 1.5 },
};

/** What a run has left: metrics but for timing, and the last checkpoint, weights byte for byte. */
async function remains(runDir: string) {
  const metrics = await readMetrics(join(runDir, 'metrics.jsonl'));
  const checkpoint = await new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
  const { elapsed: _, ...state } = checkpoint.state as Record<string, unknown>;
  return {
    metrics: metrics.map(({ timing: _, ...record }) => record),
    checkpoint: { ...checkpoint, state },
  };
}

/** An `on` that aborts, or does what it is told, after the given update. */
function after(update: number, then: () => void): (event: TrainEvent) => void {
  return (event) => {
    if (event.type === 'updated' && event.metrics.update === update) then();
  };
}

async function interruptAfter(update: number, config: Config, options: TrainOptions) {
  const controller = new AbortController();
  const on = after(update, () => controller.abort());
  return train(config, { ...options, on, signal: controller.signal });
}

async function events(config: Config, options: TrainOptions): Promise<TrainEvent[]> {
  const all: TrainEvent[] = [];
  await train(config, { ...options, on: (event) => void all.push(event) });
  return all;
}

describe('the same config and seed', () => {
  it('twice leave the same metrics and checkpoints; another seed does not', async () => {
    const [one, two, three] = [tempDir(), tempDir(), tempDir()];
    const config = tinyConfig(RECIPE);
    await train(config, { runDir: one });
    await train(config, { runDir: two });
    await train(tinyConfig({ ...RECIPE, train: { totalSteps: 192, seed: 8 } }), { runDir: three });
    const first = await remains(one);
    expect(await remains(two)).toEqual(first);
    expect((await remains(three)).metrics).not.toEqual(first.metrics);

    expect(first.metrics.map(({ phase }) => phase)).toContain('warmup');
    expect(first.metrics.map(({ phase }) => phase)).toContain('released');
    for (const { firstRatioError } of first.metrics) expect(firstRatioError).toBeLessThan(1e-4);
  });
});

describe('interrupted and resumed', () => {
  const cases: [string, Partial<ConfigInput>][] = [
    ['as it comes', RECIPE],
    [
      'normalized, truncated, a Box to act in',
      {
        ...RECIPE,
        env: { id: 'Pendulum-v1', count: 5, maxEpisodeSteps: 9, frameStack: 2 },
        normalize: { obs: true, reward: true },
      },
    ],
    [
      'with a clock that goes on during thoughts',
      { ...RECIPE, env: { id: 'Catch-v0', count: 5, realTime: { noop: 0 } } },
    ],
  ];
  it.each(cases)('ends like a run in one go: %s', async (_, input) => {
    const config = tinyConfig(input);
    const [whole, parts] = [tempDir(), tempDir()];
    await train(config, { runDir: whole });
    // In the warm-up and after it, between checkpoints and evaluations.
    for (const [i, update] of [2, 5].entries()) {
      const result = await interruptAfter(update, config, { runDir: parts, resume: i > 0 });
      const nothing = { evaluation: undefined, lostEpisodes: 0, envFailures: 0 };
      const { envSteps } = result;
      expect(result).toEqual({ runDir: parts, envSteps, interrupted: true, ...nothing });
    }
    expect((await remains(parts)).metrics).toHaveLength(5);
    const result = await train(config, { runDir: parts, resume: true });
    expect(result).toMatchObject({ interrupted: false, evaluation: { episodes: 4 } });
    expect(await remains(parts)).toEqual(await remains(whole));
  });

  it('ends so too where it was killed between two checkpoints', async () => {
    // Without evaluations, whose best would be a checkpoint too.
    const config = tinyConfig({ ...RECIPE, evaluation: { everyUpdates: 100, episodes: 4 } });
    const [whole, parts] = [tempDir(), tempDir()];
    await train(config, { runDir: whole });
    const on = after(5, () => {
      throw new Error('power cut');
    });
    await expect(train(config, { runDir: parts, on })).rejects.toThrow('power cut');
    expect(await readMetrics(join(parts, 'metrics.jsonl'))).toHaveLength(4);
    const [started] = await events(config, { runDir: parts, resume: true });
    const { envSteps } = (await readMetrics(join(parts, 'metrics.jsonl')))[2];
    expect(started).toMatchObject({ type: 'started', resumedFrom: envSteps });
    expect(await remains(parts)).toEqual(await remains(whole));
  });

  it('begins anew where it was killed before the first checkpoint', async () => {
    const config = tinyConfig(RECIPE);
    const [whole, parts] = [tempDir(), tempDir()];
    const on = after(2, () => {
      throw new Error('power cut');
    });
    await expect(train(config, { runDir: parts, on })).rejects.toThrow('power cut');
    await train(config, { runDir: parts, resume: true });
    await train(config, { runDir: whole });
    expect(await remains(parts)).toEqual(await remains(whole));
  });

  it('of a finished run evaluates it again and trains no more', async () => {
    const config = tinyConfig();
    const runDir = tempDir();
    const { evaluation } = await train(config, { runDir });
    const before = await remains(runDir);
    const again = await events(config, { runDir, resume: true });
    expect(again.map(({ type }) => type)).toEqual(['started', 'finished']);
    expect(again[1]).toMatchObject({ interrupted: false, evaluation });
    expect(await remains(runDir)).toEqual(before);
  });
});

describe('a run directory', () => {
  it('is refused where it holds a run, or none to resume, or one of another config', async () => {
    const runDir = tempDir();
    const config = tinyConfig();
    await interruptAfter(1, config, { runDir });
    const before = await remains(runDir);

    await expect(train(config, { runDir })).rejects.toThrow(UsageError);
    await expect(train(config, { runDir })).rejects.toThrow(`${runDir} already holds a run`);
    await expect(train(config, { runDir: tempDir(), resume: true })).rejects.toThrow(
      'expected a run to resume, found no config.resolved.yaml',
    );
    const other = tinyConfig({ price: { initial: 0.5 }, ppo: { epochs: 9 } });
    await expect(train(other, { runDir, resume: true })).rejects.toThrow(
      `${runDir}: a resumed run keeps its settings, but these differ: price.initial (not set there, 0.5 now), ` +
        'ppo.epochs (1 there, 9 now); change them back, or start a new run from its weights ' +
        `with train.warmStart: ${runDir}`,
    );
    expect(await remains(runDir)).toEqual(before);
  });

  it('takes other settings of evaluation and checkpoints, and keeps them', async () => {
    const runDir = tempDir();
    await interruptAfter(1, tinyConfig(), { runDir });
    const other = tinyConfig({ evaluation: { episodes: 3, forcedEpisodes: 0 } });
    const { evaluation } = await train(other, { runDir, resume: true });
    expect(evaluation).toMatchObject({ episodes: 3 });
    const agent = await Agent.load(runDir);
    expect(agent.config.evaluation.episodes).toBe(3);
    agent.dispose();
  });

  it('has everything that design.md lists', async () => {
    const runDir = tempDir();
    const { envSteps: steps } = await train(tinyConfig(), { runDir });
    const files = ['config.resolved.yaml', 'metrics.jsonl', 'report.html', 'tensorboard'];
    for (const name of [...files, `checkpoints/step-${steps}/weights.safetensors`]) {
      expect(existsSync(join(runDir, name)), name).toBe(true);
    }
  });

  it('says where all of its time went', async () => {
    let now = 0;
    const pass = (seconds: number) => {
      now += 1000 * seconds;
    };
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const takes = (seconds: number, work: (...args: never[]) => unknown) =>
      async function (this: unknown, ...args: unknown[]) {
        pass(seconds);
        return work.apply(this, args as never[]);
      } as never;
    const { tick } = Scheduler.prototype;
    vi.spyOn(Scheduler.prototype, 'tick').mockImplementation(takes(10, tick));
    const { update } = Learner.prototype;
    vi.spyOn(Learner.prototype, 'update').mockImplementation(takes(100, update));
    const { save } = CheckpointStore.prototype;
    vi.spyOn(CheckpointStore.prototype, 'save').mockImplementation(takes(1000, save));
    const env = () =>
      Object.assign(new CountEnv(4), {
        step(this: CountEnv, action: number) {
          pass(1);
          return CountEnv.prototype.step.call(this, action);
        },
      });
    const checkpoint = { everySeconds: 1e9 };
    const config = tinyConfig({ env: { id: undefined, count: 8 }, checkpoint });
    const runDir = tempDir();
    const on = (event: TrainEvent) => {
      if (event.type === 'updated') pass(10_000);
    };
    await train(config, { runDir, env, on }).finally(() => vi.restoreAllMocks());

    const records = await readMetrics(join(runDir, 'metrics.jsonl'));
    const metrics = records.map(({ timing }) => timing as UpdateMetrics['timing']);
    expect(metrics).toHaveLength(6);
    // 32 decisions of 8 environments, three steps each until the head is released.
    expect(metrics[0]).toMatchObject({ inference: 120, inferenceByDepth: [40, 40, 40] });
    const stepped = metrics.reduce((sum, { environment }) => sum + environment, 0);
    expect(stepped).toBe(records[5].envSteps);
    for (const { seconds, inferenceByDepth, ...timing } of metrics) {
      const { environment, inference, learning, evaluation, checkpoint, other } = timing;
      expect(learning).toBe(100);
      const sum = environment + inference + learning + evaluation + checkpoint + other;
      expect(sum).toBeCloseTo(seconds, 6);
      expect(inferenceByDepth.reduce((a, b) => a + b)).toBeCloseTo(inference, 6);
    }
    // What comes after an update is counted with the next.
    expect(metrics.map(({ other }) => other)).toEqual([0, ...Array(5).fill(10_000)]);
    expect(metrics.map(({ evaluation }) => evaluation > 0)).toEqual(
      [1, 2, 3, 4, 5, 6].map((update) => update === 5),
    );
    // That of an evaluation is saved again, with what came of it.
    expect(metrics.map(({ checkpoint }) => checkpoint)).toEqual([0, 0, 0, 1000, 2000, 0]);

    const [board] = readdirSync(join(runDir, 'tensorboard'));
    const shown = readFileSync(join(runDir, 'tensorboard', board), 'latin1');
    for (const name of ['environment', 'learning', 'inferenceByDepth/1', 'inferenceByDepth/3']) {
      expect(shown).toContain(name);
    }
  });

  it('names the modules of its config so that they are found again', async () => {
    const runDir = tempDir();
    const env = { id: undefined, module: '../../support/breaking-env.ts', count: 4 };
    await train(tinyConfig({ env }), { runDir, baseDir: import.meta.dirname });
    const agent = await Agent.load(runDir);
    expect((await evaluate(agent, { episodes: 2, forcedEpisodes: 0 })).episodes).toBe(2);
    agent.dispose();
  });
});

describe('events', () => {
  it('come in the order in which things happen', async () => {
    const config = tinyConfig({
      recipe: { minUpdates: 2, maxWarmup: 0.5 },
      evaluation: { everyUpdates: 4, episodes: 4, forcedEpisodes: 0 },
      checkpoint: { everyUpdates: 3 },
      train: { totalSteps: 256 },
    });
    const runDir = tempDir();
    const all = await events(config, { runDir });
    const updated = 'updated';
    expect(all.map(({ type }) => type).filter((type) => type !== 'alarm')).toEqual([
      'started',
      ...[updated, updated, updated, 'checkpointed'],
      ...[updated, 'released', 'checkpointed', 'evaluated'],
      ...[updated, updated, 'checkpointed'],
      ...[updated, updated, 'checkpointed', 'evaluated'], // done
      'finished',
    ]);
    expect(all[0]).toMatchObject({
      runDir,
      device: expect.stringContaining('SIMD'),
      resumedFrom: undefined,
    });
    const steps = all.flatMap((e) => (e.type === updated ? [e.metrics.envSteps] : []));
    expect(steps.slice(0, 4)).toEqual([32, 64, 96, 128]);
    expect(all.find(({ type }) => type === 'released')).toMatchObject({
      update: 4,
      envSteps: 128,
      reason: 'deadline',
    });
    // Ragged from then on: the last batch of decisions comes whole.
    expect(steps[7]).toBeGreaterThanOrEqual(256);
    expect(all.at(-1)).toMatchObject({ envSteps: steps[7], interrupted: false });
  });

  it('raise an alarm once while it lasts, and none over the warm-up’s own full depth', async () => {
    // Nothing but full depth, ever: the floor and a bias far down.
    const config = tinyConfig({
      halting: { maxSteps: 2, floor: 0, initialBias: -30 },
      recipe: { minUpdates: 0, maxWarmup: 0.5, forcedShare: 0 },
      evaluation: { everyUpdates: 2, episodes: 4, forcedEpisodes: 4 },
      train: { totalSteps: 256 },
    });
    const all = await events(config, { runDir: tempDir() });
    const alarms = all.filter((event) => event.type === 'alarm');
    // Released with update 4, which was evaluated; 6 is the first of the head's own, and 8 bears it out.
    expect(alarms).toMatchObject([{ update: 8, alarm: 'collapsed-to-max' }]);
  });

  it('that throw end the run', async () => {
    const on = () => {
      throw new Error('no more');
    };
    await expect(train(tinyConfig(), { runDir: tempDir(), on })).rejects.toThrow('no more');
  });
});

describe('the best checkpoint', () => {
  const score = (value: number, pricedSteps: number) => ({ return: value, pricedSteps });

  async function training(input: Partial<ConfigInput>) {
    const config = tinyConfig(input);
    const agent = await Agent.create(config, '.');
    const own = await Training.begin(agent, await envSource(config, '.'));
    const setPrice = (price: number) =>
      own.recipe.restore({ ...own.recipe.state(), released: true, price });
    return {
      own,
      setPrice,
      end: async () => {
        await own.dispose();
        agent.dispose();
      },
    };
  }

  it('is none before release, whatever the return', async () => {
    const { own, setPrice, end } = await training({});
    expect(own.isBest(score(100, 0))).toBe(false);
    setPrice(0.1);
    expect(own.isBest(score(1, 0))).toBe(true);
    await end();
  });

  it('is judged by its net return at the price of now', async () => {
    const { own, setPrice, end } = await training({});
    setPrice(0.1);
    expect(own.isBest(score(1, 2))).toBe(true); // .8
    expect(own.isBest(score(0.9, 2))).toBe(false); // .7
    expect(own.isBest(score(0.9, 1))).toBe(true); // .8: as good, and newer
    setPrice(0.5); // the best is now worth .4
    expect(own.isBest(score(0.9, 1.5))).toBe(false);
    expect(own.isBest(score(0.5, 0))).toBe(true);
    setPrice(0);
    expect(own.isBest(score(0.4, 0))).toBe(false);
    await end();
  });

  it('of a run on demonstrations is that of the fewest nats, thinking priced in nats a decision', async () => {
    const { own, setPrice, end } = await training({ algorithm: 'likelihood' });
    setPrice(0.1);
    const found = (mean: number, nats: number, steps: number) =>
      own.scoreOf(
        {
          return: { mean, std: 0 },
          nats,
          ponderSteps: { mean: steps, p50: steps, p95: steps, max: steps },
        } as Evaluation,
        100,
      );
    expect(own.isBest(found(0.5, 0.4, 2))).toBe(true); // -.5
    expect(own.isBest(found(0.9, 0.41, 2))).toBe(false); // right more often by luck
    expect(own.isBest(found(0.1, 0.45, 1))).toBe(true); // -.45
    await end();
  });

  it('of a fixed depth is that of the highest return, from the start', async () => {
    const { own, end } = await training({ halting: { rule: 'fixed' } });
    expect(own.isBest(score(1, 2))).toBe(true);
    expect(own.isBest(score(0.9, 0))).toBe(false);
    await end();
  });

  it('is the one that was evaluated as best, and what Agent.load gives', async () => {
    const runDir = tempDir();
    const config = tinyConfig({
      evaluation: { everyUpdates: 1, episodes: 16, forcedEpisodes: 0 },
      checkpoint: { everyUpdates: 1, keep: 1 },
    });
    // Pays less and less, so that the best is not the latest.
    let steps = 0;
    const fading = (): Env => {
      const env = breakingEnv({});
      return {
        ...env,
        step: (action) => ({ ...(env.step(action) as Step), reward: -steps++ }),
      };
    };
    const all = await events(config, { runDir, env: fading });
    const best = all.flatMap((e) => (e.type === 'evaluated' && e.best ? [e.envSteps] : [])).at(-1)!;
    const store = new CheckpointStore(join(runDir, 'checkpoints'));
    expect((await store.load('best')).step).toBe(best);
    const { step: latest } = await store.load('latest');
    expect(best).toBeLessThan(latest);
    expect((await store.list()).map(({ step }) => step)).toEqual([best, latest]);
    const agent = await Agent.load(runDir, { env: fading });
    expect(await agent.policy.parameters.read()).toEqual((await store.load('best')).weights);
    agent.dispose();
  });
});

describe('environments that answer late, each in its own time,', () => {
  /** Counters whose n-th one takes n turns of the event loop to step. */
  function lateEnvs() {
    let made = 0;
    return (): Env => {
      const env = breakingEnv({});
      const turns = 3 * made++;
      return {
        ...env,
        step: async (action) => {
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
          return env.step(action);
        },
      };
    };
  }

  it('give each update decisions of its own policy alone', async () => {
    const config = tinyConfig({
      env: { id: 'Late', count: 8 },
      // So much that a decision of the policy before would show.
      ppo: { decisions: 32, learningRate: 0.05, finalLearningRate: 0.05 },
      train: { totalSteps: 512 },
    });
    const all = await events(config, { runDir: tempDir(), env: lateEnvs() });
    const updates = all.flatMap((e) => (e.type === 'updated' ? [e.metrics] : []));
    expect(updates.length).toBeGreaterThan(10);
    for (const { firstRatioError } of updates) expect(firstRatioError).toBeLessThan(1e-4);
    expect(updates.at(-1)!.episodes).toBeGreaterThan(50);
  });
});

describe('a broken environment', () => {
  const cases: [Fault, string][] = [
    ['nan-reward', 'step: reward: expected a finite number, got NaN'],
    ['wrong-shape', 'step: obs: expected'],
    ['throws', 'step threw: the motor is hot'],
    ['hangs', 'step: no answer within 30 ms'],
  ];
  it.each(cases)(
    'that %s ends the run where none is survived, and spoils nothing',
    async (fault, message) => {
      const runDir = tempDir();
      const before = tf.memory().numTensors;
      const config = tinyConfig({
        env: { id: 'Counter', count: 4, timeoutMs: 30 },
        checkpoint: { everyUpdates: 1 },
        evaluation: { everyUpdates: 100 },
        guards: { envFailures: 0 },
      });
      // 8 decisions of each environment an update: it breaks in the third.
      if (fault === 'hangs') stopTime();
      const env = () => breakingEnv({ fault, after: 20, onHang: passTime });
      const failure = await train(config, { runDir, env }).catch((error) => error);
      expect(failure).toBeInstanceOf(EnvError);
      expect(failure.message).toMatch(
        /^Counter \(environment \d, seed \d+, episode \d+, step \d+, action [01]\) /,
      );
      expect(failure.message).toContain(message);
      expect(tf.memory().numTensors).toBe(before);

      const agent = await Agent.load(runDir, { env });
      const { action } = await agent.act(Float32Array.of(0, 0));
      expect([0, 1]).toContain(action);
      agent.dispose();
      const whole = () => breakingEnv({});
      const [started] = await events(config, { runDir, env: whole, resume: true });
      expect(started).toMatchObject({ resumedFrom: 67 });
    },
  );

  it('that cannot be made is named', async () => {
    const env = () => {
      throw new Error('no such device');
    };
    const config = tinyConfig({ env: { id: 'Counter' } });
    const failure = await train(config, { runDir: tempDir(), env }).catch((error) => error);
    expect(failure).toBeInstanceOf(EnvError);
    expect(failure.message).toContain('Counter');
    expect(failure.message).toContain('could not be made: no such device');
  });

  it('that does not exist is refused before there are files', async () => {
    const runDir = join(tempDir(), 'run');
    const config = tinyConfig({ env: { id: 'KHopp-v0' } });
    await expect(train(config, { runDir })).rejects.toThrow(UsageError);
    expect(existsSync(runDir)).toBe(false);
  });
});

describe('a damaged checkpoint', () => {
  it.each([
    ['truncated', (path: string) => truncateSync(path, 100)],
    [
      'altered',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 3] ^= 1;
        writeFileSync(path, bytes);
      },
    ],
  ])('that is %s is refused by name, by load and by resume', async (what, damage) => {
    const runDir = tempDir();
    const config = tinyConfig();
    const { envSteps: steps } = await interruptAfter(3, config, { runDir });
    const path = join(runDir, 'checkpoints', `step-${steps}`, 'weights.safetensors');
    damage(path);
    for (const attempt of [
      () => Agent.load(runDir),
      () => train(config, { runDir, resume: true }),
    ]) {
      const failure = await attempt().catch((error) => error);
      expect(failure).toBeInstanceOf(CheckpointError);
      expect(failure.message).toContain(`${path} is ${what}`);
    }
  });
});

describe('a damaged newest checkpoint', () => {
  it('is set aside, loudly, and the one before goes on to the same end', async () => {
    const [whole, mended] = [tempDir(), tempDir()];
    const config = tinyConfig({ checkpoint: { everyUpdates: 1 } });
    await train(config, { runDir: whole });
    await interruptAfter(4, config, { runDir: mended });
    const store = new CheckpointStore(join(mended, 'checkpoints'));
    const steps = (await store.list()).map(({ step }) => step);
    const newest = steps.at(-1)!;
    const path = join(store.dir, `step-${newest}`, 'state.json');
    truncateSync(path, 10);
    const events: TrainEvent[] = [];
    const on = (event: TrainEvent) => void events.push(event);
    await train(config, { runDir: mended, resume: true, on });
    expect(events.filter(({ type }) => type === 'damaged')).toEqual([
      {
        type: 'damaged',
        path: join(store.dir, `damaged-step-${newest}`),
        message: expect.stringContaining(`${path} is truncated`),
      },
    ]);
    expect(events.find(({ type }) => type === 'started')).toMatchObject({
      resumedFrom: steps.at(-2),
    });
    const [a, b] = await Promise.all(
      [whole, mended].map((dir) => new CheckpointStore(join(dir, 'checkpoints')).load('latest')),
    );
    expect(b.weights).toEqual(a.weights);
  });
});

describe('a checkpoint that cannot be read', () => {
  it('is passed over by Agent.load, with a warning that says what is used', async () => {
    const runDir = tempDir();
    await train(tinyConfig({ checkpoint: { everyUpdates: 1 } }), { runDir });
    const store = new CheckpointStore(join(runDir, 'checkpoints'));
    const newest = (await store.list()).at(-1)!;
    const best = await store.load('best');
    writeFileSync(join(store.dir, `step-${best.step}`, 'weights.safetensors'), '');
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    onTestFinished(() => warned.mockRestore());
    const agent = await Agent.load(runDir);
    agent.dispose();
    const used = best.step === newest.step ? (await store.list()).at(-2)! : newest;
    expect(agent.version).toBe(used.step);
    expect(warned.mock.calls).toEqual([
      [
        expect.stringMatching(
          new RegExp(`weights.safetensors is truncated.*; used: step-${used.step}$`),
        ),
      ],
    ]);
  });
});

describe('warm start', () => {
  /** Next to no learning, so that what it began with is what it ends with. */
  const still = { decisions: 32, epochs: 1, learningRate: 1e-9, finalLearningRate: 0 };

  async function weightsOf(runDir: string) {
    const { weights } = await new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
    return Object.values(weights).flatMap(({ data }) => Array.from(data));
  }
  const farthest = (a: number[], b: number[]) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));

  it('begins with the other run’s weights and observation statistics', async () => {
    const [first, second, cold] = [tempDir(), tempDir(), tempDir()];
    const input: Partial<ConfigInput> = {
      env: { id: 'Pendulum-v1', count: 4, maxEpisodeSteps: 9 },
      normalize: { obs: true },
    };
    await train(tinyConfig({ ...input, train: { totalSteps: 128, seed: 1 } }), { runDir: first });
    const next = (warmStart?: string) =>
      tinyConfig({ ...input, ppo: still, train: { totalSteps: 32, seed: 2, warmStart } });
    await train(next(first), { runDir: second });
    await train(next(), { runDir: cold });
    const weights = await weightsOf(first);
    expect(farthest(await weightsOf(second), weights)).toBeLessThan(1e-6);
    expect(farthest(await weightsOf(cold), weights)).toBeGreaterThan(0.1);

    const counts = await Promise.all(
      [first, second].map(async (runDir) => {
        const agent = await Agent.load(runDir, { checkpoint: 'latest' });
        agent.dispose();
        return agent.normalizer!.count;
      }),
    );
    expect(counts[1]).toBeGreaterThan(counts[0]);
  });

  it('is needed no more once the run has weights of its own', async () => {
    const [first, second] = [tempDir(), tempDir()];
    await train(tinyConfig(), { runDir: first });
    const config = tinyConfig({ train: { totalSteps: 128, seed: 2, warmStart: first } });
    await interruptAfter(2, config, { runDir: second });
    rmSync(first, { recursive: true });
    expect((await train(config, { runDir: second, resume: true })).interrupted).toBe(false);
  });

  it('from weights of another shape, or from nothing, is refused before there are files', async () => {
    const first = tempDir();
    const second = join(tempDir(), 'run');
    await train(tinyConfig(), { runDir: first });
    const from = (warmStart: string) =>
      tinyConfig({ policy: { width: 12 }, train: { totalSteps: 32, warmStart } });
    const misfit = train(from(first), { runDir: second });
    await expect(misfit).rejects.toThrow(UsageError);
    await expect(misfit).rejects.toThrow(/warmStart.*expected shape \[.*12.*\], got \[.*8.*\]/);
    await expect(train(from('/nowhere'), { runDir: second })).rejects.toThrow(/warmStart.*nowhere/);
    expect(existsSync(second)).toBe(false);
  });
});

describe('tensors', () => {
  it('are as many after 200 updates as after 20, and none once it is over', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const config = tinyConfig({
      env: { id: 'KnownDelay-v0', count: 4 },
      ppo: { decisions: 16, minibatch: 16, epochs: 1 },
      recipe: { minUpdates: 0, maxWarmup: 0.03 },
      evaluation: { everyUpdates: 50, episodes: 2, forcedEpisodes: 1 },
      checkpoint: { everyUpdates: 50 },
      train: { totalSteps: 4200 },
    });
    const on = (event: TrainEvent) => {
      if (event.type === 'updated') counts.push(tf.memory().numTensors);
    };
    await train(config, { runDir: tempDir(), on });
    expect(counts.length).toBeGreaterThan(200);
    // Thoughts under way at an update have tensors of their own, so it is not one number.
    const most = (part: number[]) => Math.max(...part);
    expect(most(counts.slice(-20))).toBeLessThanOrEqual(most(counts.slice(0, 20)));
    expect(tf.memory().numTensors).toBe(before);
  });
});
