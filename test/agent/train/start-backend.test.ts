import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { UsageError } from '../../../src/agent/common/errors.ts';
import type { Config } from '../../../src/agent/config/config.ts';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { DryRun } from '../../../src/agent/train/dry-run.ts';
import { train } from '../../../src/agent/train/train.ts';
import { ArenaFullError, arenaPeak, loadBackend } from '../../../src/kernels/index.ts';
import { loadModule } from '../../../src/kernels/simd/runtime/module.ts';
import type { SimdBackend } from '../../../src/kernels/simd/runtime/simd-backend.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const cores = vi.hoisted(() => ({ count: 1 }));
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => cores.count,
}));
// Where TensorFlow is installed, it would be timed as well.
vi.mock('../../../src/kernels/backends/tensorflow.ts', async (original) => {
  const module = await original<typeof import('../../../src/kernels/backends/tensorflow.ts')>();
  const loadTensorflow = () => Promise.reject(new module.NotInstalledError('absent'));
  return { ...module, loadTensorflow };
});

const MIB = 2 ** 20;
const { build, code } = loadModule();
const fastest = code === 'wide' ? '256-bit SIMD' : 'relaxed SIMD';
const simd = () => tf.backend() as unknown as SimdBackend;

afterEach(() => {
  cores.count = 1;
});

/** The peak of a rehearsal of that config, in an arena that is large enough. */
async function rehearsed(config: Config): Promise<number> {
  await loadBackend('simd', { ...config.kernels, arenaMiB: 1024 });
  const agent = await Agent.create(config, process.cwd());
  try {
    return await arenaPeak(() => new DryRun(agent).run());
  } finally {
    agent.dispose();
  }
}

describe('DryRun', () => {
  it('changes no weights and leaves no tensor behind', async () => {
    await loadBackend('simd');
    const agent = await Agent.create(tinyConfig(), process.cwd());
    const before = await agent.policy.parameters.read();
    const { numTensors } = tf.memory();
    expect(await new DryRun(agent).run()).toBeGreaterThan(0);
    expect(await agent.policy.parameters.read()).toEqual(before);
    expect(tf.memory().numTensors).toBe(numTensors);
    agent.dispose();
  });

  it.each(['k-hop', 'maze', 'cartpole'])('takes about the memory that %s takes', async (name) => {
    const small = ['kernels.threads=1', 'evaluation.episodes=4', 'evaluation.forcedEpisodes=0'];
    const released = ['recipe.minUpdates=1', 'recipe.maxWarmup=0', 'train.totalSteps=2000'];
    const config = await loadConfig(name, { set: [...small, ...released] });
    let inRehearsal = 0;
    let inTraining = 0;
    await train(config, {
      runDir: tempDir(),
      on: ({ type }) => {
        const { highWater } = simd().arena.statistics;
        if (type === 'started') {
          inRehearsal = highWater;
          simd().arena.mark();
        }
        if (type === 'updated') inTraining = highWater;
      },
    });
    expect(inTraining / inRehearsal).toBeGreaterThan(0.8);
    expect(inTraining / inRehearsal).toBeLessThan(1.1);
  });

  it('takes observations without the bounds of a Box that has them in name only', async () => {
    const { Box, Discrete } = await import('../../../src/envs/index.ts');
    const high = 3.4e38;
    const observationSpace = new Box({ shape: [3], low: -high, high });
    const spaces = { observationSpace, actionSpace: new Discrete(2) };
    await loadBackend('simd');
    const agent = new Agent(tinyConfig(), spaces);
    await expect(new DryRun(agent).run()).resolves.toBeGreaterThan(0);
    agent.dispose();
  });
});

describe('training that does not fit into the arena', () => {
  const large = (arenaMiB: number) =>
    tinyConfig({
      policy: { width: 64, feedForward: 128, core: 'full' },
      ppo: { decisions: 512, minibatch: 256 },
      kernels: { arenaMiB },
    });

  const refusal = async (config: Config) => {
    const runDir = join(tempDir(), 'run');
    const env = vi.fn();
    const error = await train(config, { runDir, on: env }).catch((error) => error);
    expect(error).toBeInstanceOf(UsageError);
    expect(env).not.toHaveBeenCalled();
    expect(existsSync(runDir)).toBe(false);
    return error.message as string;
  };

  it('is refused before it starts, with what it would want', async () => {
    const wanted = (1.5 * (await rehearsed(large(1024)))) / MIB;
    const tooSmall = Math.floor(wanted / 3);
    await loadBackend('simd', { threads: 1, arenaMiB: tooSmall });
    const agent = await Agent.create(large(tooSmall), process.cwd());
    await expect(new DryRun(agent).run()).rejects.toThrow(ArenaFullError);
    agent.dispose();

    const message = await refusal(large(tooSmall));
    expect(message).toMatch(
      /^kernels\.arenaMiB: expected at least \d+ MiB for the largest minibatch at full depth, got \d+; raise it, or lower ppo\.minibatch/,
    );
    const [stated, got] = message.match(/\d+/g)!.map(Number);
    expect(got).toBe(tooSmall);
    expect(stated / wanted).toBeGreaterThan(0.85);
    expect(stated / wanted).toBeLessThan(1.15);
  });

  it('is refused where it would fit but for the holes that ragged minibatches leave', async () => {
    const peak = (await rehearsed(large(1024))) / MIB;
    const tight = Math.ceil(1.2 * peak);
    expect(await refusal(large(tight))).toContain(
      `expected at least ${Math.ceil(1.5 * peak)} MiB for the largest minibatch at full depth, got ${tight}`,
    );
  });

  it('trains with what the message says', async () => {
    const stated = Number(/at least (\d+)/.exec(await refusal(large(2)))![1]);
    const result = await train(large(stated), { runDir: tempDir() });
    expect(result.interrupted).toBe(false);
  });
});

describe('the choice of a backend', () => {
  const events = async (config: Config, runDir: string, resume = false) => {
    const all: TrainEvent[] = [];
    const result = await train(config, { runDir, resume, on: (event) => all.push(event) });
    const [started] = all;
    if (started.type !== 'started') throw new Error('training did not start');
    return { started, result };
  };
  const open = (totalSteps: number) => ({
    ...tinyConfig({ kernels: { threads: 'auto' }, train: { totalSteps } }),
    backend: 'auto' as const,
  });

  it('is told with what was timed, recorded, and kept by a run that goes on', async () => {
    cores.count = 2;
    const runDir = tempDir();
    const { started } = await events(open(64), runDir);
    expect(started.timings.map(({ device }) => device)).toEqual([
      `CPU, WebAssembly ${fastest}, 1 thread`,
      `CPU, WebAssembly ${fastest}, 2 threads`,
    ]);
    for (const { ms } of started.timings) expect(ms).toBeGreaterThan(0);
    expect(started.timings.map(({ device }) => device)).toContain(started.device);
    const saved = await loadConfig(join(runDir, 'config.resolved.yaml'));
    const threads = Number(/(\d) thread/.exec(started.device)![1]);
    expect(saved).toMatchObject({ backend: 'simd', kernels: { build, threads } });

    const again = await events(open(128), runDir, true);
    expect(again.started).toMatchObject({ device: started.device, timings: [] });
    expect(await loadConfig(join(runDir, 'config.resolved.yaml'))).toMatchObject({
      backend: saved.backend,
      kernels: saved.kernels,
    });
  });

  it('of threads and memory changes nothing in what is learned, also where a run goes on', async () => {
    const config = (kernels: Partial<Config['kernels']>) => tinyConfig({ kernels });
    const [whole, parts] = [tempDir(), tempDir()];
    await train(config({ threads: 1 }), { runDir: whole });
    const controller = new AbortController();
    await train(config({ threads: 1 }), {
      runDir: parts,
      signal: controller.signal,
      on: ({ type }) => type === 'updated' && controller.abort(),
    });
    const { started } = await events(config({ threads: 2, arenaMiB: 512 }), parts, true);
    expect(started.resumedFrom).toBeGreaterThan(0);
    expect(started.device).toMatch(/2 threads$/);
    const weights = async (dir: string) => {
      const agent = await Agent.load(dir, { checkpoint: 'latest' });
      const tensors = await agent.policy.parameters.read();
      agent.dispose();
      return tensors;
    };
    expect(await weights(parts)).toEqual(await weights(whole));

    await expect(train(config({ build: 'simd' }), { runDir: parts, resume: true })).rejects.toThrow(
      /these differ: kernels.build \("\w+" there, "simd" now\)/,
    );
  });
});
