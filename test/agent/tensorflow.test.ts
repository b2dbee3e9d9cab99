import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../src/agent/agent/agent.ts';
import { Learner, type UpdateSchedule } from '../../src/agent/algorithms/ppo/learner.ts';
import { ownCommand } from '../../src/agent/common/own-command.ts';
import type { Config, ConfigInput } from '../../src/agent/config/config.ts';
import { envSource } from '../../src/agent/config/env-source.ts';
import { train } from '../../src/agent/train/train.ts';
import { Training } from '../../src/agent/train/training.ts';
import { type BackendName, loadBackend, Rng } from '../../src/kernels/index.ts';
import { buildFolder, buildIn } from '../../src/kernels/tensorflow/build.ts';
import type { Tensors } from '../../src/policy/index.ts';
import type { Trajectory } from '../../src/rollout/index.ts';
import { stir } from '../support/small-policy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';

/** TensorFlow as `pondera tensorflow install` built it; these tests are of nothing else. */
const installed = buildIn(buildFolder()) !== undefined;

const onTensorflow = (input: Partial<ConfigInput> = {}): Config => ({
  ...tinyConfig(input),
  backend: 'tensorflow',
});

const PHASE: UpdateSchedule = {
  released: true,
  price: 0.03,
  rewardScale: 1,
  returnDeviation: 0,
  noveltyFactor: 0,
  learningRate: 1e-3,
  entropy: 0.02,
};

/** What a policy that has something to say collected, and its weights. */
async function collect(config: Config): Promise<{ weights: Tensors; trajectory: Trajectory }> {
  const agent = await Agent.create(config, '.');
  stir(agent.policy.parameters, 0.15, 3);
  const training = await Training.begin(agent, await envSource(config, '.'));
  const { trajectory, recipe } = training;
  recipe.restore({ ...recipe.state(), released: true });
  await firstValueFrom(training.collect());
  const weights = await agent.policy.parameters.read();
  onTestFinished(() => training.dispose());
  agent.dispose();
  return { weights, trajectory };
}

/** One update from those weights: what the heads said before, the statistics, the gradient, and the weights after. */
async function update(
  backend: BackendName,
  config: Config,
  { weights, trajectory }: Awaited<ReturnType<typeof collect>>,
) {
  await loadBackend(backend);
  const agent = await Agent.create(config, '.');
  const { policy } = agent;
  policy.parameters.write(weights);
  const { observationSize } = trajectory.sizes;
  const rows = trajectory.rows.slice(0, trajectory.count * observationSize);
  const heads = tf.tidy(() => {
    let thought = policy.begin(tf.tensor2d(rows, [trajectory.count, observationSize]));
    return [1, 2, 3].flatMap((depth) => {
      thought = { ...thought, z: policy.step(thought) };
      return [...policy.outputs(thought.z, depth).dataSync()];
    });
  });
  const learner = new Learner(policy, config, Rng.seed(5));
  const stats = await learner.update(trajectory, PHASE);
  const gradient = (await learner.state()).tensors.m.data.map((m) => m / 0.1);
  const after = Object.values(await policy.parameters.read()).flatMap(({ data }) => [...data]);
  learner.dispose();
  agent.dispose();
  return { heads, stats: Object.values(stats) as number[], gradient: [...gradient], after };
}

const weightsOf = async (runDir: string) => {
  const agent = await Agent.load(runDir, { checkpoint: 'latest' });
  const tensors = await agent.policy.parameters.read();
  agent.dispose();
  return tensors;
};

describe.skipIf(!installed)('on tensorflow', () => {
  it.each<[string, Partial<ConfigInput>]>([
    [
      'tokens, two blocks and registers',
      { env: { id: 'KHop-v0' }, policy: { blocks: 2, registers: 2 } },
    ],
    [
      'a full core on a masked grid',
      {
        env: { id: 'Maze-v0', options: { size: 2, mask: true, maxSteps: 5 } },
        policy: { core: 'full' },
      },
    ],
    ['Box actions', { env: { id: 'KnownBox-v0' } }],
    [
      'a Dict observation, distilled',
      { env: { id: 'KnownDict-v0' }, recipe: { distillation: 0.7 } },
    ],
    ['MultiBinary', { env: { id: 'KnownMultiBinary-v0' } }],
  ])('heads, losses, gradient and an update are those of cpu: %s', async (_, input) => {
    const config = tinyConfig({
      ...input,
      halting: { initialBias: 0 },
      recipe: { forcedShare: 0.3, ...input.recipe },
      // One step, unclipped, so that Adam's first moment holds the plain gradient.
      ppo: { decisions: 32, minibatch: 1000, epochs: 1, maxGradNorm: 1e9 },
    });
    await loadBackend('cpu');
    const collected = await collect(config);
    const expected = await update('cpu', config, collected);
    const found = await update('tensorflow', config, collected);
    for (const [what, values] of Object.entries(expected)) {
      const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      const numbers = found[what as keyof typeof expected];
      const worst = Math.max(...values.map((x, i) => Math.abs(numbers[i] - x)));
      expect(numbers.length, what).toBe(values.length);
      expect(worst / scale, what).toBeLessThan(1e-4);
    }
  });

  it('leaves no tensor behind in 200 updates, in tfjs or in the library', async () => {
    const counts: number[][] = [];
    const controller = new AbortController();
    await train(
      onTensorflow({
        env: { id: 'KHop-v0', count: 2, options: { layers: 2, width: 3 } },
        halting: { maxSteps: 2 },
        ppo: { decisions: 8, minibatch: 8 },
        recipe: { distillation: 0.1 },
        evaluation: { everyUpdates: 1000, episodes: 4, forcedEpisodes: 0 },
        checkpoint: { everyUpdates: 1000 },
        train: { totalSteps: 10_000 },
      }),
      {
        runDir: tempDir(),
        signal: controller.signal,
        on: ({ type }) => {
          if (type !== 'updated') return;
          const { binding } = tf.backend() as unknown as {
            binding: { getNumOfTensors(): number };
          };
          counts.push([tf.memory().numTensors, binding.getNumOfTensors()]);
          if (counts.length === 200) controller.abort();
        },
      },
    );
    expect(counts.length).toBe(200);
    expect(counts.at(-1)).toEqual(counts[10]);
  }, 600_000);

  it('goes on from a checkpoint to the very weights of a run that was never stopped', async () => {
    const [whole, parts] = [tempDir(), tempDir()];
    await train(onTensorflow(), { runDir: whole });
    const controller = new AbortController();
    const first = await train(onTensorflow(), {
      runDir: parts,
      signal: controller.signal,
      on: ({ type }) => type === 'updated' && controller.abort(),
    });
    expect(first.interrupted).toBe(true);
    await train(onTensorflow(), { runDir: parts, resume: true });
    expect(await weightsOf(parts)).toEqual(await weightsOf(whole));
  }, 300_000);

  it('pondera train k-hop ends well', async () => {
    const runDir = tempDir();
    const settings = ['backend=tensorflow', 'train.totalSteps=2048', 'evaluation.episodes=8'];
    const args = settings.flatMap((text) => ['--set', text]);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...ownCommand(), 'train', 'k-hop', '--run-dir', runDir, ...args],
      { cwd: resolve(import.meta.dirname, '../..') },
    );
    expect(stdout).toContain(`evaluate     pondera eval ${runDir}`);
  }, 300_000);
});
