import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Learner, type ValuePolicy } from '../../../../src/agent/algorithms/pqn/learner.ts';
import { pqnSettings } from '../../../../src/agent/algorithms/pqn/settings.ts';
import { targetsOf } from '../../../../src/agent/algorithms/pqn/targets.ts';
import { Discrete, MultiDiscrete } from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { actionValues } from '../../../../src/policy/index.ts';
import { Trajectory } from '../../../../src/rollout/index.ts';
import { backends } from '../../../support/backends.ts';
import { distance, randomRows, smallPolicy, stir, unroll } from '../../../support/small-policy.ts';

beforeAll(() => loadBackend(backends('simd')[0]));

const BOTH = { act: true, think: true };
const PHASE = {
  ...{ price: 0.3, rewardScale: 0.5, noveltyFactor: 0 },
  ...{ learningRate: 1e-9, minSteps: 1, first: BOTH },
};
/** One minibatch and one epoch, unclipped, so that Adam's first moment holds the plain gradient. */
const settings = pqnSettings.parse({ minibatch: 1000, epochs: 1, maxGradNorm: 1e9, gamma: 0.9 });

/** A policy with something to say, and a rollout of ragged thoughts, forced and exploring ones among them. */
function collected(space: Discrete | MultiDiscrete, masked = false) {
  const distribution = actionValues(space, 0.5);
  const policy = smallPolicy({ actionSpace: space, distribution }) as ValuePolicy;
  onTestFinished(() => policy.dispose());
  stir(policy.parameters, 0.3);
  const { actionSize, maskSize } = distribution;
  const trajectory = new Trajectory({
    capacity: 24,
    maxSteps: 3,
    envs: 2,
    observationSize: 2,
    actionSize,
    maskSize,
  });
  const rng = Rng.seed(8, 'rollout');
  const rows = randomRows(26, 2);
  const outputs = unroll(policy, rows, 3);
  // The action that would be taken next.
  const next = outputs[0][24].slice(0, maskSize);
  const best = next.indexOf(Math.max(...next));
  const mask = () =>
    masked ? Uint8Array.from({ length: maskSize }, (_, i) => (i === best ? 0 : 1)) : undefined;
  for (let t = 0; t < 24; t++) {
    const [env, steps] = [t % 2, 1 + rng.int(3)];
    const read = Array.from({ length: steps }, (_, k) => {
      const own = Float32Array.from(outputs[k][t]);
      const [value, logit] = own.subarray(-2);
      return distribution.reading!(own, value, logit, mask(), { act: true, think: k < 2 });
    });
    const action = new Float32Array(actionSize);
    const params = Float32Array.from(outputs[steps - 1][t]);
    const logProb = distribution.sample(params, mask(), rng, action);
    trajectory.push({
      env,
      reward: rng.normal(),
      ticks: 1,
      terminated: t % 7 === 3,
      truncated: t % 7 === 5,
      final: rows[t + 2],
      next: { env, row: rows[t + 2], mask: mask() },
      decision: {
        observation: { env, row: rows[t], mask: mask() },
        action,
        choice: 0,
        logProb,
        ponderSteps: steps,
        halts: Float32Array.from(read, ({ halt }) => halt),
        values: Float32Array.from(read, ({ value }) => value),
        forced: t % 5 === 0,
      },
    });
  }
  return { policy, trajectory, rows, outputs, best };
}

async function learn(policy: ValuePolicy, trajectory: Trajectory, phase = PHASE) {
  const learner = new Learner(policy, settings, Rng.seed(5));
  const stats = await learner.update(trajectory, phase);
  const { tensors } = await learner.state();
  learner.dispose();
  return { stats, gradient: tensors.m.data.map((m) => m / 0.1) };
}

/** The gradient of half the squared errors, thought by thought, as the definitions read. */
function reference(policy: ValuePolicy, trajectory: Trajectory, rows: Float32Array[]) {
  const targets = targetsOf(trajectory, { ...settings, ...PHASE });
  const { actionSize } = policy.distribution;
  const variables = policy.parameters.list.map(({ variable }) => variable);
  const { value, grads } = tf.variableGrads(() => {
    let sum: tf.Tensor = tf.scalar(0);
    for (let t = 0; t < trajectory.count; t++) {
      let thought = policy.begin(tf.tensor2d(rows[t], [1, 2]));
      for (let k = 0; k < trajectory.ponderSteps[t]; k++) {
        thought = { ...thought, z: policy.step(thought) };
        const { params, value } = policy.split(policy.outputs(thought.z, k + 1));
        const acts = k + 1 === trajectory.ponderSteps[t];
        const action = trajectory.actions.subarray(t * actionSize, (t + 1) * actionSize);
        const places = action.length === 1 ? [action[0]] : [action[0], 2 + action[1]];
        const picked = places.map((i) => tf.slice(params, [0, i], [1, 1]));
        const q = acts ? picked.reduce((a, b) => tf.add(a, b)) : value;
        const error = tf.square(tf.sub(q, targets[trajectory.offset[t] + k]));
        sum = tf.add(sum, tf.mul(tf.sum(error), acts ? 0.5 : 0.5 * settings.thinkWeight));
      }
    }
    return tf.div(sum, trajectory.count) as tf.Scalar;
  }, variables);
  const gradient = variables.flatMap(({ name, size }) =>
    grads[name] ? [...grads[name].dataSync()] : new Array<number>(size).fill(0),
  );
  return { loss: value.dataSync()[0], gradient };
}

describe('an update', () => {
  it.each([
    ['Discrete', new Discrete(3)],
    ['MultiDiscrete', new MultiDiscrete([2, 3])],
  ])('has the loss and gradient of a plain unroll, %s', async (_, space) => {
    const { policy, trajectory, rows } = collected(space);
    expect(new Set(trajectory.ponderSteps.subarray(0, trajectory.count)).size).toBe(3);
    const { stats, gradient } = await learn(policy, trajectory);
    const expected = tf.tidy(() => reference(policy, trajectory, rows));
    const size = Math.hypot(...expected.gradient);
    expect(size).toBeGreaterThan(0.1);
    expect(distance([...gradient], expected.gradient)).toBeLessThan(1e-4 * size);
    expect(stats.gradNorm).toBeCloseTo(size, 3);
    expect(stats.valueLoss + settings.thinkWeight * stats.thinkLoss).toBeCloseTo(expected.loss, 4);
    expect(stats.explainedVariance).toBeLessThan(1);
  });

  it('goes on from the best choice of what follows, if it is allowed and may be made', async () => {
    const { policy, trajectory, outputs, best } = collected(new Discrete(3), true);
    const ends = [...trajectory.toBootstrap()];
    // Truncated episodes, whose last observation has no mask, and where the rollout ends.
    expect(ends.map(({ t, mask }) => [t, mask === undefined])).toEqual([
      ...[5, 12, 19].map((t) => [t, true]),
      ...[22, 23].map((t) => [t, false]),
    ]);
    for (const first of [BOTH, { act: true, think: false }, { act: false, think: true }]) {
      await learn(policy, trajectory, { ...PHASE, first });
      for (const { t, mask } of ends) {
        const [a, b, c, think] = outputs[0][t + 2];
        const act = [a, b, c].filter((_, i) => mask === undefined || i !== best);
        const choices = [...(first.act ? act : []), ...(first.think ? [think] : [])];
        expect(trajectory.bootstrap[t]).toBeCloseTo(Math.max(...choices), 5);
      }
    }
  });

  it('leaves no tensor behind, and goes on exactly from its state', async () => {
    const { policy, trajectory } = collected(new Discrete(3));
    const make = () => new Learner(policy, { ...settings, minibatch: 8, epochs: 2 }, Rng.seed(1));
    const phase = { ...PHASE, learningRate: 1e-2 };
    const learner = make();
    await learner.update(trajectory, phase);
    const { numTensors } = tf.memory();
    const before = { weights: await policy.parameters.read(), state: await learner.state() };
    for (let i = 0; i < 5; i++) await learner.update(trajectory, phase);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(before.state.counters).toEqual({ optimizerStep: 6 });

    const [again, other] = [make(), make()];
    const after: unknown[] = [];
    for (const one of [again, other]) {
      policy.parameters.write(before.weights);
      one.restore(before.state);
      await one.update(trajectory, phase);
      after.push([await policy.parameters.read(), await one.state()]);
      one.dispose();
    }
    learner.dispose();
    expect(after[0]).toEqual(after[1]);
    expect(await policy.parameters.read()).not.toEqual(before.weights);
  });
});
