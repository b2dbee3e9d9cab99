import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheckpointStore, readMetrics } from '../../../src/agent/run/index.ts';
import { frameLayout } from '../../../src/agent/train/frame-layout.ts';
import { train } from '../../../src/agent/train/train.ts';
import {
  frameStack,
  makeEnv,
  type ReadAs,
  type Space,
  spaceFromJson,
  timeLimit,
} from '../../../src/envs/index.ts';
import { CatchPicture, Quadrants } from '../../support/picture-envs.ts';
import { learned, run } from '../../support/short-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const env = { id: undefined, module: './given-by-code.ts' };

it('of bytes: a run that is interrupted and resumed ends like one in one go', async () => {
  const config = tinyConfig({ env: { ...env, count: 5, frameStack: 2 } });
  const make = () => new CatchPicture(16);
  const [whole, parts] = [tempDir(), tempDir()];
  await train(config, { runDir: whole, env: make });
  const controller = new AbortController();
  await train(config, {
    ...{ runDir: parts, env: make, signal: controller.signal },
    on: (event) => event.type === 'updated' && event.metrics.update === 2 && controller.abort(),
  });
  expect(await readMetrics(join(parts, 'metrics.jsonl'))).toHaveLength(2);
  await train(config, { runDir: parts, env: make, resume: true });
  const remains = async (runDir: string) => {
    const { weights, optimizer } = await new CheckpointStore(join(runDir, 'checkpoints')).load(
      'latest',
    );
    const metrics = await readMetrics(join(runDir, 'metrics.jsonl'));
    return { weights, optimizer, metrics: metrics.map(({ timing: _, ...record }) => record) };
  };
  expect(await remains(parts)).toEqual(await remains(whole));
});

it('and of other numbers: frames that are stored once are learned as whole stacks are', async () => {
  const stacks = () => frameStack(timeLimit(makeEnv('CartPole-v1'), { maxSteps: 9 }), { count: 3 });
  // Who has the space from elsewhere does not know of the frames.
  const whole = () => {
    const env = stacks();
    return { ...env, observationSpace: spaceFromJson(env.observationSpace.toJSON()) as Space };
  };
  expect(frameLayout(stacks().observationSpace)).toMatchObject({ count: 3, sizes: [4] });
  expect(frameLayout(whole().observationSpace)).toBeUndefined();
  const config = tinyConfig({ env: { ...env, count: 5 } });
  const [a, b] = [await run(config, { env: stacks }), await run(config, { env: whole })];
  expect(a.metrics.length).toBeGreaterThan(3);
  expect(learned(a)).toEqual(learned(b));
});

it.each<[ReadAs, number]>([
  ['picture', 6000],
  ['patches', 10_000],
])(
  'which quadrant is bright is learned of a Box read as %s, in %i decisions',
  async (as, totalSteps) => {
    const config = tinyConfig({
      env: { ...env, count: 16 },
      policy: { width: 32, heads: 4, feedForward: 64 },
      halting: { rule: 'fixed', maxSteps: 1 },
      ppo: { decisions: 512, minibatch: 128, epochs: 4, learningRate: 2e-3, entropy: 0.01 },
      evaluation: { everyUpdates: 1000, episodes: 100, forcedEpisodes: 0 },
      train: { totalSteps, seed: 1 },
    });
    const { evaluation } = await train(config, {
      runDir: tempDir(),
      env: () => new Quadrants(12, as),
    });
    expect(evaluation!.return.mean).toBeGreaterThan(0.95);
  },
);
