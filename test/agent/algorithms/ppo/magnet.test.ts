import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossByTensors } from '../../../../src/agent/algorithms/ppo/loss-by-tensors.ts';
import { STATS } from '../../../../src/agent/algorithms/ppo/loss-report.ts';
import type { Minibatch } from '../../../../src/agent/algorithms/ppo/minibatch.ts';
import type { Config, ConfigInput } from '../../../../src/agent/config/config.ts';
import { train, type UpdateMetrics } from '../../../../src/agent/index.ts';
import { CheckpointStore } from '../../../../src/agent/run/index.ts';
import { Discrete } from '../../../../src/envs/index.ts';
import { loadBackend } from '../../../../src/kernels/index.ts';
import { distributionFor, noTerms } from '../../../../src/policy/index.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

beforeAll(() => loadBackend('simd', { threads: 1 }));

const withMagnet = (magnet: NonNullable<ConfigInput['ppo']>['magnet'], more = {}) =>
  tinyConfig({
    halting: { rule: 'fixed', maxSteps: 2 },
    ppo: { magnet, learningRate: 0.03, decisions: 32, minibatch: 16, epochs: 2 },
    ...more,
  });

describe('the loss with a magnet', () => {
  const config = withMagnet({ weight: 0.25 });
  const phase = {
    ...{ released: false, price: 0, rewardScale: 1, returnDeviation: 1, noveltyFactor: 0 },
    ...{ learningRate: 0, entropy: 0 },
  };
  const batch: Minibatch = {
    decisions: 1,
    reach: [1],
    seen: new Float32Array(1),
    actions: Float32Array.of(0),
    masks: Float32Array.of(1, 1, 0),
    oldLogProb: Float32Array.of(Math.log(1 / 3)),
    advantage: Float32Array.of(0),
    valueWeight: Float32Array.of(0),
    target: Float32Array.of(0),
    acts: 'last',
    halting: noTerms,
    // ¾ and ¼ of the actions that are allowed.
    magnet: Float32Array.of(Math.log(3), 0, 9),
  };
  const distribution = distributionFor(new Discrete(3));
  /** The loss where the policy takes the second action at odds of e^logit, and its report. */
  const lossAt = (logit: number) =>
    tf.tidy(() => {
      const outputs = tf.tensor2d([[0, logit, 5, 0, 0]]);
      const { loss, report } = lossByTensors(distribution, outputs, batch, config, phase);
      return { loss: loss.dataSync()[0], kl: report.dataSync()[STATS.indexOf('magnetKl')] };
    });

  it('adds KL(policy ‖ magnet) by its weight, of the actions that are allowed', () => {
    const kl = Math.log(4 / 9) / 3 + (2 / 3) * Math.log(8 / 3);
    const { loss, kl: reported } = lossAt(Math.LN2);
    expect(reported).toBeCloseTo(kl, 5);
    expect(loss).toBeCloseTo(0.25 * kl, 5);
    // Nothing is left to pull where they agree.
    expect(lossAt(-Math.log(3)).loss).toBeCloseTo(0, 6);
  });

  it('has the gradient of that', () => {
    const slope = tf.tidy(() => {
      const outputs = tf.tensor2d([[0, Math.LN2, 5, 0, 0]]);
      const of = (x: tf.Tensor) =>
        lossByTensors(distribution, x as tf.Tensor2D, batch, config, phase).loss;
      return tf.grad(of)(outputs).dataSync()[1];
    });
    const step = 1e-2;
    const expected = (lossAt(Math.LN2 + step).loss - lossAt(Math.LN2 - step).loss) / (2 * step);
    expect(slope).toBeCloseTo(expected, 3);
    expect(slope).toBeGreaterThan(0.05);
  });
});

describe('training with a magnet', () => {
  async function run(config: Config, runDir: string, stopAt?: number) {
    const controller = new AbortController();
    const updates: UpdateMetrics[] = [];
    await train(config, {
      runDir,
      signal: controller.signal,
      on(event) {
        if (event.type !== 'updated') return;
        updates.push(event.metrics);
        if (event.metrics.update === stopAt) controller.abort();
      },
    });
    const checkpoint = await new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
    return { checkpoint, last: updates.at(-1)! };
  }

  it('follows the policy by its rate, and holds it back by its weight', {
    timeout: 300_000,
  }, async () => {
    const dir = tempDir();
    const of = (name: string, magnet: { weight: number; rate: number }) =>
      run(withMagnet(magnet), join(dir, name));
    const { checkpoint } = await of('same', { weight: 1e-6, rate: 1 });
    const [name, { data }] = Object.entries(checkpoint.weights)[0];
    // After each update it is the policy itself.
    expect(checkpoint.optimizer[`magnet.${name}`].data).toEqual(data);
    const loose = await of('loose', { weight: 1e-6, rate: 0 });
    const tight = await of('tight', { weight: 30, rate: 0 });
    expect(tight.last.magnetKl as number).toBeLessThan((loose.last.magnetKl as number) / 3);
  });

  it('continues exactly', { timeout: 300_000 }, async () => {
    const dir = tempDir();
    const config = withMagnet({ rate: 0.3 });
    const whole = await run(config, join(dir, 'whole'));
    const parts = join(dir, 'parts');
    await run(config, parts, 3);
    await train(config, { runDir: parts, resume: true });
    const ended = await new CheckpointStore(join(parts, 'checkpoints')).load('latest');
    expect(ended.optimizer).toEqual(whole.checkpoint.optimizer);
    expect(ended.weights).toEqual(whole.checkpoint.weights);
  });

  it('reports none without one, and refuses one where all depths are learned from', async () => {
    const { last } = await run(tinyConfig({ train: { totalSteps: 32 } }), join(tempDir(), 'run'));
    expect(last.magnetKl).toBeNull();
    expect(() => withMagnet({}, { halting: { rule: 'ponder' } })).toThrow(
      /ppo\.magnet: expected none together with a halting rule that learns from all depths at once/,
    );
  });
});
