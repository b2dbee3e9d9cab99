import * as tf from '@tensorflow/tfjs-core';
import { firstValueFrom } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../../src/agent/agent/agent.ts';
import {
  buildExpectedMinibatch,
  computeExpectedTargets,
} from '../../../../src/agent/algorithms/ppo/expected-targets.ts';
import { Learner } from '../../../../src/agent/algorithms/ppo/learner.ts';
import { bootstrap, type UpdateSchedule } from '../../../../src/agent/algorithms/ppo/targets.ts';
import type { ConfigInput } from '../../../../src/agent/config/config.ts';
import { envSource } from '../../../../src/agent/config/env-source.ts';
import { Training } from '../../../../src/agent/train/training.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { haltingLoss, haltProbability } from '../../../../src/policy/index.ts';
import { GOES_ON, TERMINATED } from '../../../../src/rollout/index.ts';
import { backends } from '../../../support/backends.ts';
import { stir } from '../../../support/small-policy.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend(backends('simd')[0]);
});

const PHASE: UpdateSchedule = {
  ...{
    released: true,
    price: 0.2,
    rewardScale: 0.5,
    returnDeviation: 0,
    noveltyFactor: 0,
    learningRate: 1e-3,
    entropy: 0.02,
  },
};
const FORCED = 0.3;

/** A policy whose heads have something to say, what it collected, and what is to be learned from it. */
async function collect(input: Partial<ConfigInput> = {}, phase = PHASE) {
  const config = tinyConfig({
    ...input,
    env: { id: 'KnownDelay-v0', ...input.env },
    halting: { rule: 'ponder', initialBias: 0, maxSteps: 4, ...input.halting },
    recipe: { forcedShare: FORCED },
    ppo: { decisions: 60, minibatch: 16, gamma: 0.9, lambda: 0.8 },
  });
  const agent = await Agent.create(config, '.');
  stir(agent.policy.parameters, 0.15, 3);
  const training = await Training.begin(agent, await envSource(config, '.'));
  onTestFinished(async () => {
    await training.dispose();
    agent.dispose();
  });
  training.recipe.restore({ ...training.recipe.state(), released: phase.released });
  await firstValueFrom(training.collect());
  const { trajectory } = training;
  const loss = haltingLoss(config.halting);
  if (loss?.depth !== 'expected') throw new Error('ponder expects over depths');
  await bootstrap(agent.policy, trajectory);
  const targets = await computeExpectedTargets(agent.policy, trajectory, config, phase, loss);
  return { config, policy: agent.policy, trajectory, loss, targets };
}

describe('what the learner unrolls', () => {
  it.each<[string, Partial<ConfigInput>]>([
    ['Discrete', {}],
    ['masked', { env: { id: 'KnownMask-v0' } }],
    ['Box', { env: { id: 'KnownBox-v0' } }],
    ['a full core', { env: { id: 'Maze-v0', options: { size: 2 } }, policy: { core: 'full' } }],
  ])('is, as far as the thoughts went, what acted: %s', async (_, input) => {
    const { config, trajectory, targets } = await collect(input);
    const { logits, logProbs, depths } = targets.thoughts;
    const { ponderSteps, offset, halts } = trajectory;
    const taken = new Set<number>();
    for (let t = 0; t < trajectory.count; t++) {
      taken.add(ponderSteps[t]);
      const last = t * depths + ponderSteps[t] - 1;
      expect(Math.abs(logProbs[last] - trajectory.logProbs[t])).toBeLessThan(1e-4);
      for (let k = 0; k < ponderSteps[t]; k++) {
        const halt = haltProbability(logits[t * depths + k], config.halting.floor);
        expect(Math.abs(halt - halts[offset[t] + k])).toBeLessThan(1e-4);
      }
    }
    expect(taken.size).toBe(4);
  });
});

describe('advantages and targets of decisions', () => {
  it('are those of GAE over decisions that pay what they are expected to think', async () => {
    const { config, policy, trajectory, targets } = await collect();
    const { gamma, lambda } = config.ppo;
    const { count, ended, next, bootstrap, rewards, sizes } = trajectory;
    const K = 4;
    const price = PHASE.price * PHASE.rewardScale;
    /** Heads after each step, decision by decision. */
    const heads = Array.from({ length: count }, (_, t) => {
      const row = trajectory.rows.slice(t * sizes.observationSize, (t + 1) * sizes.observationSize);
      return tf.tidy(() => {
        let thought = policy.begin(tf.tensor2d(row, [1, row.length]));
        return Array.from({ length: K }, (_, k) => {
          thought = { ...thought, z: policy.step(thought) };
          const { value, haltLogit } = policy.split(policy.outputs(thought.z, k + 1));
          const halt = haltProbability(haltLogit.dataSync()[0], config.halting.floor);
          return { value: value.dataSync()[0], halt: k === K - 1 ? 1 : halt };
        });
      });
    });
    const depths = heads.map((steps) => {
      let left = 1;
      return steps.map(({ halt }) => {
        const p = left * halt;
        left -= p;
        return (1 - FORCED) * p + FORCED / K;
      });
    });
    const cost = depths.map((q) => price * q.reduce((sum, p, k) => sum + p * k, 0));
    const gae = new Float64Array(count);
    for (let t = count - 1; t >= 0; t--) {
      const follower = ended[t] === GOES_ON ? next[t] : -1;
      const value = follower >= 0 ? heads[follower][0].value : bootstrap[t];
      const following = ended[t] === TERMINATED ? 0 : value;
      const delta = PHASE.rewardScale * rewards[t] - cost[t] + gamma * following;
      gae[t] = delta - heads[t][0].value + (follower >= 0 ? gamma * lambda * gae[follower] : 0);
    }
    const advantages: number[] = [];
    for (let t = 0; t < count; t++) {
      const net = gae[t] + heads[t][0].value;
      let baseline = 0;
      for (let k = 0; k < K; k++) {
        const rest = depths[t].slice(k);
        const mass = rest.reduce((a, b) => a + b);
        const still = (price * rest.reduce((sum, p, j) => sum + p * j, 0)) / mass;
        expect(targets.targets[t * K + k]).toBeCloseTo(net + cost[t] - still, 4);
        baseline += depths[t][k] * (heads[t][k].value + still - cost[t]);
      }
      advantages.push(net - baseline);
      expect(targets.advantages[t]).toBeCloseTo(advantages[t], 4);
    }
    const mean = advantages.reduce((a, b) => a + b) / count;
    const variance = advantages.reduce((sum, a) => sum + (a - mean) ** 2, 0) / count;
    const spread = depths.map((q, t) => {
      const steps = cost[t] / price;
      return q.reduce((sum, p, k) => sum + p * (k - steps) ** 2, 0);
    });
    const paid = price ** 2 * (spread.reduce((a, b) => a + b) / count);
    expect(targets.mean).toBeCloseTo(mean, 4);
    expect(targets.scale).toBeCloseTo(1 / Math.sqrt(variance + paid), 2);
    expect(targets.price).toBeCloseTo(price * targets.scale, 6);
  });

  it('before release are of maxSteps alone', async () => {
    const { targets } = await collect({}, { ...PHASE, released: false, price: 0 });
    const { acted, priced, reached } = targets.expectation;
    expect(acted.every((q, at) => q === (at % 4 === 3 ? 1 : 0))).toBe(true);
    expect(priced.every((steps) => steps === 3)).toBe(true);
    expect(reached.every((share) => share === 1)).toBe(true);
  });
});

describe('a minibatch', () => {
  it('lies depth by depth, every decision at each', async () => {
    const { targets, loss, trajectory } = await collect();
    const batch = buildExpectedMinibatch(targets, Int32Array.of(7, 2, 5), loss);
    expect(batch).toMatchObject({ decisions: 3, reach: [3, 3, 3, 3], acts: 'all' });
    const chosen = [2, 5, 7];
    const size = trajectory.sizes.observationSize;
    chosen.forEach((t, i) => {
      const row = trajectory.rows.slice(t * size, (t + 1) * size);
      expect((batch.seen as Float32Array).slice(i * size, (i + 1) * size)).toEqual(row);
      expect(batch.oldLogProb[i]).toBeCloseTo(targets.expectation.logProb[t], 6);
      for (let k = 0; k < 4; k++) {
        expect(batch.target[3 * k + i]).toBe(targets.targets[4 * t + k]);
        expect(batch.valueWeight[3 * k + i]).toBe(targets.expectation.reached[4 * t + k]);
      }
    });
  });
});

describe('an update', () => {
  it.each([0, 0.1])('begins where the rollout acted, distillation %d', async (distillation) => {
    const { config, policy, trajectory } = await collect();
    const recipe = { ...config.recipe, distillation };
    const learner = new Learner(policy, { ...config, recipe }, Rng.seed(1));
    onTestFinished(() => learner.dispose());
    const still = await learner.update(trajectory, { ...PHASE, learningRate: 0 });
    expect(still.firstRatioError).toBeLessThan(1e-4);
    expect(still.kl).toBeLessThan(1e-6);
    expect(Math.abs(still.haltKl)).toBeLessThan(1e-6);
    const { numTensors } = tf.memory();
    const moved = await learner.update(trajectory, { ...PHASE, learningRate: 0.01 });
    expect(moved.kl).toBeGreaterThan(1e-6);
    expect(moved.haltKl).toBeGreaterThan(1e-6);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
