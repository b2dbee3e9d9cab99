import * as tf from '@tensorflow/tfjs-core';
import { firstValueFrom } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../../src/agent/agent/agent.ts';
import { klBound } from '../../../../src/agent/algorithms/ppo/kl-bound.ts';
import { Learner, type UpdateSchedule } from '../../../../src/agent/algorithms/ppo/learner.ts';
import type { Config, ConfigInput } from '../../../../src/agent/config/config.ts';
import { envSource } from '../../../../src/agent/config/env-source.ts';
import { Training } from '../../../../src/agent/train/training.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import type { Policy } from '../../../../src/policy/index.ts';
import {
  advantages,
  depthWeights,
  TERMINATED,
  TRUNCATED,
  type Trajectory,
} from '../../../../src/rollout/index.ts';
import { backends } from '../../../support/backends.ts';
import { stir } from '../../../support/small-policy.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend(backends('simd')[0]);
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

/** One minibatch and one epoch, unclipped, so that Adam's first moment holds the plain gradient. */
const ONE_STEP = { decisions: 32, minibatch: 1000, epochs: 1, maxGradNorm: 1e9 };

/** A policy whose heads have something to say, and what it collected. */
async function collect(input: Partial<ConfigInput>, released = true) {
  const config = tinyConfig({
    ...input,
    halting: { initialBias: 0, ...input.halting },
    ppo: { ...ONE_STEP, ...input.ppo },
  });
  const agent = await Agent.create(config, '.');
  stir(agent.policy.parameters, 0.15, 3);
  const training = await Training.begin(agent, await envSource(config, '.'));
  onTestFinished(async () => {
    await training.dispose();
    agent.dispose();
  });
  training.recipe.restore({ ...training.recipe.state(), released });
  await firstValueFrom(training.collect());
  return { config, policy: agent.policy, trajectory: training.trajectory };
}

/** One update: its statistics, and the gradient by variable. */
async function learn(
  config: Config,
  policy: Policy,
  trajectory: Trajectory,
  phase: UpdateSchedule = PHASE,
) {
  const before = await policy.parameters.read();
  const learner = new Learner(policy, config, Rng.seed(5));
  const stats = await learner.update(trajectory, phase);
  policy.parameters.write(before);
  const gradient = (await learner.state()).tensors.m.data.map((m) => m / 0.1);
  learner.dispose();
  return { stats, gradient };
}

/** KL(p ‖ q) of the loss, entropy and the rest, decision by decision as the definitions read. */
function reference(config: Config, policy: Policy, trajectory: Trajectory, phase: UpdateSchedule) {
  const { ppo, halting, recipe } = config;
  const { distribution } = policy;
  const { count, ponderSteps, offset, forced, sizes } = trajectory;
  const rowOf = (source: Float32Array | Uint8Array, size: number, t: number) =>
    tf.tensor2d(Float32Array.from(source.subarray(t * size, (t + 1) * size)), [1, size]);
  const think = (row: tf.Tensor2D, depth: number) => {
    let thought = policy.begin(row);
    return Array.from({ length: depth }, (_, index) => {
      thought = { ...thought, z: policy.step(thought) };
      return policy.split(policy.outputs(thought.z, index + 1));
    });
  };
  const scalar = (x: tf.Tensor) => x.dataSync()[0];

  const bootstrap = new Float32Array(count);
  for (const { t, row } of trajectory.toBootstrap()) {
    bootstrap[t] = tf.tidy(() => scalar(think(tf.tensor2d(row, [1, row.length]), 1)[0].value));
  }
  const all = advantages(
    {
      count,
      ponderSteps,
      offset,
      weights: depthWeights(trajectory, halting),
      values: trajectory.values,
      ticks: trajectory.ticks,
      ended: trajectory.ended,
      next: trajectory.next,
      rewards: trajectory.rewards.map((r) => r * phase.rewardScale),
      bootstrap,
    },
    { ...ppo, price: phase.price * phase.rewardScale, minSteps: halting.minSteps },
  );
  const acts = Array.from({ length: count }, (_, t) => all[offset[t] + ponderSteps[t] - 1]);
  // Each centred among those of its kind: forced to the same depth, or not forced.
  const kind = (t: number) => (forced[t] ? ponderSteps[t] : 0);
  const centered = acts.map((act, t) => {
    const like = acts.filter((_, other) => kind(other) === kind(t));
    return act - like.reduce((a, b) => a + b, 0) / like.length;
  });
  const actStd = Math.sqrt(centered.reduce((a, b) => a + b ** 2, 0) / count);
  let [squares, own] = [0, 0];
  for (let t = 0; t < count; t++) {
    if (forced[t]) continue;
    for (let i = offset[t]; i < offset[t] + ponderSteps[t]; i++, own++) squares += all[i] ** 2;
  }
  const haltScale = 1 / Math.sqrt(squares / own);

  const surrogate = (logRatio: tf.Tensor, advantage: number, epsilon: number) => {
    const ratio = tf.exp(logRatio);
    const within = tf.clipByValue(ratio, 1 - epsilon, 1 + epsilon);
    return tf.neg(tf.minimum(tf.mul(ratio, advantage), tf.mul(within, advantage)));
  };
  const parts = { policyLoss: 0, haltLoss: 0, valueLoss: 0, entropy: 0, haltEntropy: 0, distil: 0 };
  const gradient = policy.parameters.list.map(({ variable }) => new Float32Array(variable.size));
  for (let t = 0; t < count; t++) {
    const row = rowOf(trajectory.rows, sizes.observationSize, t);
    const action = rowOf(trajectory.actions, sizes.actionSize, t);
    const mask = trajectory.masked ? rowOf(trajectory.masks, sizes.maskSize, t) : undefined;
    // Beforehand and as numbers: what late steps found is a target, through which nothing flows.
    const last = think(row, ponderSteps[t]).at(-1)!.params;
    const target = tf.tensor2d(last.dataSync().slice(), last.shape);
    const { grads } = tf.variableGrads(() => {
      const heads = think(row, ponderSteps[t]);
      const final = heads.at(-1)!;
      const add = (name: keyof typeof parts, x: tf.Tensor) => {
        parts[name] += scalar(x) / count;
        return x;
      };
      const logProb = distribution.logProb(final.params, action, mask);
      let loss = add(
        'policyLoss',
        surrogate(tf.sub(logProb, trajectory.logProbs[t]), centered[t] / (actStd + 1e-8), ppo.clip),
      );
      const entropy = add('entropy', distribution.entropy(final.params, mask, action));
      loss = tf.sub(loss, tf.mul(entropy, phase.entropy));
      for (const [index, { params, value, haltLogit }] of heads.entries()) {
        const k = index + 1;
        const i = offset[t] + index;
        if (!forced[t]) {
          const error = add('valueLoss', tf.square(tf.sub(value, all[i] + trajectory.values[i])));
          loss = tf.add(loss, tf.mul(error, ppo.valueWeight));
        }
        if (phase.released && !forced[t] && k >= halting.minSteps && k < halting.maxSteps) {
          const halt = tf.add(tf.mul(tf.sigmoid(haltLogit), 1 - 2 * halting.floor), halting.floor);
          const chosen = k < ponderSteps[t] ? tf.sub(1, halt) : halt;
          const old = k < ponderSteps[t] ? 1 - trajectory.halts[i] : trajectory.halts[i];
          const logRatio = tf.sub(tf.log(chosen), Math.log(old));
          loss = tf.add(
            loss,
            add('haltLoss', surrogate(logRatio, all[i] * haltScale, ppo.haltClip)),
          );
          const nats = (p: tf.Tensor) => tf.neg(tf.mul(p, tf.log(p)));
          const haltEntropy = add('haltEntropy', tf.add(nats(halt), nats(tf.sub(1, halt))));
          loss = tf.sub(loss, tf.mul(haltEntropy, ppo.haltEntropy));
        }
        if (phase.released && recipe.distillation > 0 && k < ponderSteps[t]) {
          const kl = add('distil', distribution.kl(target, params, mask, action));
          loss = tf.add(loss, tf.mul(kl, recipe.distillation));
        }
      }
      return tf.div(tf.sum(loss), count) as tf.Scalar;
    });
    for (const [v, { variable }] of policy.parameters.list.entries()) {
      grads[variable.name]?.dataSync().forEach((g, i) => {
        gradient[v][i] += g;
      });
    }
  }
  return { stats: parts, gradient: Float32Array.from(gradient.flatMap((g) => [...g])) };
}

/** What was recorded, moved away from what the policy says now, so that ratios leave the clip. */
function age(trajectory: Trajectory): void {
  const rng = Rng.seed(11);
  for (let t = 0; t < trajectory.count; t++) trajectory.logProbs[t] += 0.3 * rng.normal();
  for (let i = 0; i < trajectory.total; i++) {
    trajectory.halts[i] = Math.min(0.9, Math.max(0.1, trajectory.halts[i] + 0.2 * rng.normal()));
  }
}

const norm = (values: Float32Array) => Math.hypot(...values);
const distance = (a: Float32Array, b: Float32Array) => norm(a.map((x, i) => x - b[i]));

/** Gradients of the variables whose name begins with `prefix`. */
function partOf(policy: Policy, gradient: Float32Array, prefix: string): Float32Array {
  let begin = 0;
  const parts = policy.parameters.list.flatMap(({ name, variable }) => {
    const part = gradient.subarray(begin, (begin += variable.size));
    return name.startsWith(prefix) ? [...part] : [];
  });
  expect(parts.length).toBeGreaterThan(0);
  return Float32Array.from(parts);
}

const maze = { id: 'Maze-v0', options: { size: 2, mask: true, maxSteps: 5 } };

describe('the first minibatch after a rollout has ratios of 1 to rounding', () => {
  const cases: [string, Partial<ConfigInput>][] = [
    ['Discrete', { env: { id: 'KnownDiscrete-v0' } }],
    ['MultiDiscrete', { env: { id: 'KnownMultiDiscrete-v0' } }],
    ['MultiBinary', { env: { id: 'KnownMultiBinary-v0' } }],
    ['Box', { env: { id: 'KnownBox-v0' } }],
    ['masked Discrete', { env: { id: 'KnownMask-v0' } }],
    ['a Dict observation', { env: { id: 'KnownDict-v0' } }],
    ['several decisions an episode', { env: { id: 'KnownDelay-v0' } }],
    [
      'tokens, two blocks and registers',
      { env: { id: 'KHop-v0' }, policy: { blocks: 2, registers: 2 } },
    ],
    ['a full core on a masked grid', { env: maze, policy: { core: 'full' } }],
    ['normalized observations', { env: { id: 'Pendulum-v1' }, normalize: { obs: true } }],
  ];
  it.each(cases)('%s', async (_, input) => {
    const { config, policy, trajectory } = await collect({
      halting: { maxSteps: 4 },
      recipe: { forcedShare: 0.4 },
      ppo: { decisions: 64 },
      ...input,
    });
    // Ragged, with every kind of decision.
    expect(new Set(trajectory.ponderSteps.subarray(0, trajectory.count)).size).toBe(4);
    expect(trajectory.forced.subarray(0, trajectory.count)).toContain(0);
    expect(trajectory.forced.subarray(0, trajectory.count)).toContain(1);
    const { stats } = await learn(config, policy, trajectory);
    expect(stats.firstRatioError).toBeLessThan(1e-4);
    expect(stats.kl).toBeLessThan(1e-6);
    expect(stats.haltKl).toBeLessThan(1e-6);
    expect(stats.clipFraction).toBe(0);
  });

  it('and not once the policy has moved', async () => {
    const { config, policy, trajectory } = await collect({ env: { id: 'KnownDict-v0' } });
    trajectory.logProbs[3] += 0.1;
    const { stats } = await learn(config, policy, trajectory);
    expect(stats.firstRatioError).toBeCloseTo(1 - Math.exp(-0.1), 4);
    expect(stats.kl).toBeGreaterThan(1e-5);
  });
});

describe('loss and gradient are those of a plain unroll, decision by decision', () => {
  const cases: [string, Partial<ConfigInput>, Partial<UpdateSchedule>?][] = [
    ['latent core', { env: { id: 'KHop-v0', options: { layers: 2, width: 3 } } }],
    ['full core, masks, truncated episodes', { env: maze, policy: { core: 'full' } }],
    ['Box actions', { env: { id: 'KnownBox-v0' } }, { rewardScale: 0.3 }],
    [
      'MultiDiscrete',
      { env: { id: 'KnownMultiDiscrete-v0' }, halting: { minSteps: 2, maxSteps: 4 } },
    ],
    [
      'MultiBinary, distilled',
      { env: { id: 'KnownMultiBinary-v0' }, recipe: { distillation: 0.7 } },
    ],
    ['masks, distilled', { env: { id: 'KnownMask-v0' }, recipe: { distillation: 0.7 } }],
    [
      'before release',
      { env: { id: 'KnownDelay-v0' }, recipe: { distillation: 0.7 } },
      { released: false },
    ],
  ];
  it.each(cases)('%s', async (_, input, change = {}) => {
    const { config, policy, trajectory } = await collect({
      ...input,
      recipe: { forcedShare: 0.3, ...input.recipe },
    });
    age(trajectory);
    const phase = { ...PHASE, ...change };
    const expected = tf.tidy(() => reference(config, policy, trajectory, phase));
    const { stats, gradient } = await learn(config, policy, trajectory, phase);
    const { distil: _distil, ...parts } = expected.stats;
    for (const [name, value] of Object.entries(parts)) {
      expect.soft(stats[name as keyof typeof parts], name).toBeCloseTo(value, 4);
    }
    expect(stats.gradNorm).toBeCloseTo(norm(expected.gradient), 3);
    expect(distance(gradient, expected.gradient)).toBeLessThan(1e-4 * norm(expected.gradient));
    // The case shows something: some ratios were clipped, and the halting head learned or not.
    expect(stats.clipFraction).toBeGreaterThan(0);
    const halting = norm(partOf(policy, gradient, 'heads.halt'));
    if (phase.released) expect(halting).toBeGreaterThan(1e-4);
    else expect(halting).toBe(0);
  });
});

describe('halting terms', () => {
  it('read nothing at forced decisions, before minSteps and at maxSteps', async () => {
    // With λ = 0 there is no trace, which alone reads how likely a forced depth was.
    const { config, policy, trajectory } = await collect({
      env: { id: 'KnownDelay-v0' },
      halting: { minSteps: 2, maxSteps: 4 },
      ppo: { ...ONE_STEP, lambda: 0 },
    });
    const before = await learn(config, policy, trajectory);
    let spoilt = 0;
    for (let t = 0; t < trajectory.count; t++) {
      for (let k = 1; k <= trajectory.ponderSteps[t]; k++) {
        if (!trajectory.forced[t] && k >= 2 && k < 4) continue;
        // What a saturated head leaves in float32: ln 0, were it read.
        trajectory.halts[trajectory.offset[t] + k - 1] = k < trajectory.ponderSteps[t] ? 1 : 0;
        spoilt++;
      }
    }
    expect(spoilt).toBeGreaterThan(trajectory.count);
    expect(await learn(config, policy, trajectory)).toEqual(before);
  });

  it('are all there is to the halting head: forced throughout, it learns nothing', async () => {
    const { config, policy, trajectory } = await collect({ recipe: { forcedShare: 1 } });
    expect(trajectory.forced.subarray(0, trajectory.count)).not.toContain(0);
    const { stats, gradient } = await learn(config, policy, trajectory);
    expect(norm(partOf(policy, gradient, 'heads.halt'))).toBe(0);
    expect(norm(partOf(policy, gradient, 'heads.value'))).toBe(0);
    expect(norm(partOf(policy, gradient, 'heads.action'))).toBeGreaterThan(0);
    expect(stats).toMatchObject({ haltLoss: 0, haltEntropy: 0, haltKl: 0, valueLoss: 0 });
  });

  it('push towards acting where thinking on cost more than it brought', async () => {
    const { config, policy, trajectory } = await collect({
      ppo: { ...ONE_STEP, lambda: 1, lambdaThink: 1, haltEntropy: 0 },
      recipe: { forcedShare: 0 },
    });
    trajectory.values.fill(0);
    trajectory.rewards.fill(0);
    const { gradient } = await learn(config, policy, trajectory, { ...PHASE, price: 1 });
    // Minus the gradient of the bias: its logit rises.
    expect(partOf(policy, gradient, 'heads.haltBias')[0]).toBeLessThan(0);
  });
});

describe('update', () => {
  it('takes every decision once an epoch, in parts of about a minibatch', async () => {
    const { config, policy, trajectory } = await collect({ ppo: { ...ONE_STEP, decisions: 50 } });
    const learner = (ppo: Partial<Config['ppo']>) =>
      new Learner(policy, { ...config, ppo: { ...config.ppo, ...ppo } }, Rng.seed(1));
    const stepsOf = async (ppo: Partial<Config['ppo']>) => {
      const own = learner(ppo);
      await own.update(trajectory, { ...PHASE, learningRate: 1e-9 });
      return (await own.state()).counters.optimizerStep;
    };
    expect(trajectory.count).toBeGreaterThanOrEqual(50);
    expect(await stepsOf({ minibatch: 16, epochs: 3 })).toBe(3 * Math.round(trajectory.count / 16));
    expect(await stepsOf({ minibatch: 1000, epochs: 2 })).toBe(2);
    expect(await stepsOf({ minibatch: 1, epochs: 1 })).toBe(trajectory.count);
  });

  it('skips the remaining epochs once one has moved the actions too far', async () => {
    const { config, policy, trajectory } = await collect({ env: { id: 'KnownBox-v0' } });
    const ppo = { ...config.ppo, epochs: 5, minibatch: 8 };
    const learner = new Learner(policy, { ...config, ppo }, Rng.seed(1));
    await learner.update(trajectory, { ...PHASE, learningRate: 0.05 }, 1e-5);
    expect((await learner.state()).counters.optimizerStep).toBe(Math.round(trajectory.count / 8));
  });

  it('goes as far as suits the decisions that a return covers, unless told', () => {
    expect(klBound(1)).toBe(0.2);
    expect(klBound(100)).toBeCloseTo(0.02, 12);
  });

  it('takes smaller steps after updates that the bound ended early, and larger ones again after others', async () => {
    const ppo = { ...ONE_STEP, minibatch: 8, epochs: 4, adaptiveSteps: true };
    const { config, policy, trajectory } = await collect({ ppo });
    const learner = new Learner(policy, config, Rng.seed(5));
    const phase = { ...PHASE, learningRate: 0.01 };
    const update = async (targetKl: number) => {
      const { learningRate, epochs } = await learner.update(trajectory, phase, targetKl);
      return [learningRate, epochs];
    };
    expect(await update(1000)).toEqual([0.01, 4]);
    expect(await update(1e-9)).toEqual([0.01, 1]);
    expect(await update(1e-9)).toEqual([0.01 / 1.1, 1]);
    const state = await learner.state();
    expect(await update(1000)).toEqual([0.01 / 1.1 / 1.1, 4]);
    expect((await update(1000))[0]).toBeCloseTo(0.01 / 1.1, 12);
    expect(await update(1000)).toEqual([0.01, 4]);
    learner.restore(state);
    expect((await update(1000))[0]).toBe(0.01 / 1.1 / 1.1);
    // Of a checkpoint from before; where no episode ever terminated, steps stay large.
    const { optimizerStep } = state.counters;
    learner.restore({ ...state, counters: { optimizerStep } });
    trajectory.ended.fill(TRUNCATED);
    await update(1e-9);
    expect((await update(1000))[0]).toBe(0.01);
    learner.restore(state);
    await update(1e-9);
    expect((await update(1000))[0]).toBeCloseTo(0.01 / 1.1 ** 3, 12);
    learner.dispose();
  });

  it('clips the global norm of the gradient', async () => {
    const { config, policy, trajectory } = await collect({});
    const free = await learn(config, policy, trajectory);
    const ppo = { ...config.ppo, maxGradNorm: 0.01 };
    const { stats, gradient } = await learn({ ...config, ppo }, policy, trajectory);
    expect(free.stats.gradNorm).toBeGreaterThan(0.01);
    expect(stats.gradNorm).toBe(free.stats.gradNorm);
    expect(norm(gradient)).toBeCloseTo(0.01, 6);
  });

  it('bootstraps truncated episodes and the rollout’s end, never terminated ones', async () => {
    const { config, policy, trajectory } = await collect({
      env: { ...maze, options: { size: 2, maxSteps: 3 } },
      policy: { core: 'full' },
      ppo: { ...ONE_STEP, decisions: 40 },
    });
    await learn(config, policy, trajectory);
    const bootstraps = [...trajectory.toBootstrap()];
    const ends = new Set(bootstraps.map(({ t }) => t));
    expect(ends.size).toBeGreaterThan(0);
    // What follows is of the same maze: the last of an episode, not the first of the next.
    const walls = (row: Float32Array | Uint8Array) => Array.from(row).filter((_, i) => i % 6 < 4);
    for (const { t, row } of bootstraps) {
      const own = trajectory.rows.subarray(t * row.length, (t + 1) * row.length);
      expect(walls(row)).toEqual(walls(own));
    }
    const endings = new Set<number>();
    for (let t = 0; t < trajectory.count; t++) {
      expect(trajectory.bootstrap[t] !== 0).toBe(ends.has(t));
      if (ends.has(t)) endings.add(trajectory.ended[t]);
    }
    expect(endings).not.toContain(TERMINATED);
    expect(endings.size).toBe(2);
  });

  it('leaves no tensor behind', async () => {
    const { config, policy, trajectory } = await collect({
      env: maze,
      policy: { core: 'full' },
      recipe: { distillation: 0.1 },
    });
    const learner = new Learner(policy, config, Rng.seed(1));
    await learner.update(trajectory, PHASE);
    const { numTensors } = tf.memory();
    for (let i = 0; i < 10; i++) await learner.update(trajectory, PHASE);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
