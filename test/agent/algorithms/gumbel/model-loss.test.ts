import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { modelLoss } from '../../../../src/agent/algorithms/gumbel/model-loss.ts';
import type { Unrolls } from '../../../../src/agent/algorithms/gumbel/unrolls.ts';
import { loadBackend } from '../../../../src/kernels/index.ts';
import type { Policy, Thought } from '../../../../src/policy/index.ts';
import { randomRows, smallPolicy, stir } from '../../../support/small-policy.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const flat = (count: number, size: number, seed: number) =>
  Float32Array.from(randomRows(count, size, seed).flatMap((row) => [...row]));

/** Two decisions, of which the second's episode ends with its first action. */
const unrolls: Unrolls = {
  length: 2,
  actions: Float32Array.of(1, 2, 0, 0),
  taken: Float32Array.of(1, 1, 1, 0),
  rewards: Float32Array.of(0.5, 1, -1, 0),
  turns: Float32Array.of(1, 0, -1, 0),
  followed: Float32Array.of(1, 0, 1, 0),
  improved: Float32Array.of(...flat(1, 3, 3), 0, 0, 0, ...flat(1, 3, 4), 0, 0, 0),
  returns: Float32Array.of(0.25, 0, -0.5, 0),
  readouts: Float32Array.of(
    ...flat(1, 8, 5),
    ...Array(8).fill(0),
    ...flat(1, 8, 6),
    ...Array(8).fill(0),
  ),
};
const how = { depth: 1, valueWeight: 0.25, consistencyWeight: 0.5 };

function modelPolicy(): Policy {
  const policy = smallPolicy({ model: true });
  onTestFinished(() => policy.dispose());
  stir(policy.parameters);
  return policy;
}

const begun = (policy: Policy): Thought => policy.begin(tf.tensor2d(flat(2, 2, 1), [2, 2]));

const softmax = (logits: readonly number[]) => {
  const weights = logits.map(Math.exp);
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
};

const weightOf = (policy: Policy, name: string) =>
  policy.parameters.list.find((one) => one.name === name)!.variable.arraySync();

describe('the loss of what is imagined', () => {
  it('is that of each action and of the decision after it, where they came', async () => {
    const policy = modelPolicy();
    const states = tf.tidy(() => {
      let thought = begun(policy);
      return [0, 1].map((k) => {
        const actions = tf.tensor2d(unrolls.actions.slice(2 * k, 2 * k + 2), [2, 1]);
        thought = policy.imagine(thought, actions);
        return {
          heads: policy.outputs(thought.z, 1).arraySync(),
          readouts: tf.reshape(thought.z, [2, 8]).arraySync() as number[][],
        };
      });
    });
    const gain = weightOf(policy, 'model.readout') as number[];
    const outcome = weightOf(policy, 'model.outcome') as number[][];
    const bias = weightOf(policy, 'model.outcomeBias') as number[];
    const foreseen = weightOf(policy, 'model.foreseen') as number[][];
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    let expected = 0;
    const errors: Record<string, number> = {};
    for (const [k, { heads, readouts }] of states.entries()) {
      for (const b of [0, 1]) {
        const i = 2 * k + b;
        const h = readouts[b];
        const size = Math.sqrt(sum(h.map((x) => x * x)) / 8);
        const [reward, turn] = [0, 1].map(
          (c) => bias[c] + sum(h.map((x, d) => (x / size) * gain[d] * outcome[d][c])),
        );
        const [params, value] = [heads[b].slice(0, 3), heads[b][3]];
        const target = softmax([...unrolls.improved.subarray(3 * i, 3 * i + 3)]);
        const own = softmax(params);
        const kl = sum(target.map((p, a) => p * Math.log(p / own[a])));
        const ahead = foreseen[0].map((_, d) => sum(h.map((x, j) => x * foreseen[j][d])));
        const seen = [...unrolls.readouts.subarray(8 * i, 8 * i + 8)];
        const length = (x: readonly number[]) => Math.sqrt(sum(x.map((y) => y * y)) + 1e-8);
        const cos = sum(ahead.map((x, d) => x * seen[d])) / length(ahead) / length(seen);
        const error = {
          reward: (reward - unrolls.rewards[i]) ** 2,
          turn: (Math.tanh(turn) - unrolls.turns[i]) ** 2,
          value: (value - unrolls.returns[i]) ** 2,
          state: 1 - cos,
        };
        expected += (unrolls.taken[i] * (error.reward + error.turn)) / 4;
        expected += (unrolls.followed[i] * (kl + 0.25 * error.value + 0.5 * error.state)) / 4;
        for (const [name, one] of Object.entries(error)) errors[`${name} ${k} ${b}`] = one;
      }
    }
    const { loss, report } = tf.tidy(() => modelLoss(policy, begun(policy), unrolls, how));
    onTestFinished(() => tf.dispose([loss, report]));
    expect((await loss.data())[0]).toBeCloseTo(expected, 4);
    const both = (name: string) => errors[`${name} 0 0`] + errors[`${name} 0 1`];
    const sums = [
      ...[both('reward'), both('turn'), errors['value 0 0'], errors['state 0 0']],
      ...['reward', 'turn', 'value', 'state'].map((name) => errors[`${name} 1 0`]),
    ];
    expect([...(await report.data())]).toEqual(
      [...sums, 2, 2, 1, 1, 1, 1, 1, 1].map((x) => expect.closeTo(x, 4)),
    );
  });

  it('has the gradient of finite differences, of which the state before an action gets a half', async () => {
    const policy = modelPolicy();
    const one: Unrolls = {
      ...{ ...unrolls, length: 1 },
      ...Object.fromEntries(
        Object.entries(unrolls)
          .filter(([name]) => name !== 'length')
          .map(([name, data]) => [name, data.slice(0, data.length / 2)]),
      ),
    };
    const thought = begun(policy);
    const lossAt = (z: tf.Tensor) =>
      modelLoss(policy, { ...thought, z: z as tf.Tensor3D }, one, how).loss;
    const names = ['model.action', 'model.outcome', 'model.foreseen', 'core.state', 'heads.value'];
    const variables = names.map(
      (name) => policy.parameters.list.find((parameter) => parameter.name === name)!.variable,
    );
    const { value, grads } = tf.variableGrads(() => lossAt(thought.z), variables);
    const byState = tf.grad(lossAt)(thought.z);
    const difference = (x: tf.Tensor, move: (moved: tf.Tensor) => number) => {
      const [h, at] = [1e-2, 3];
      const moved = (by: number) => {
        const data = x.dataSync().slice();
        data[at] += by;
        return move(tf.tensor(data, x.shape));
      };
      return tf.tidy(() => (moved(h) - moved(-h)) / (2 * h));
    };
    for (const [i, variable] of variables.entries()) {
      const before = variable.clone();
      const expected = difference(before, (moved) => {
        variable.assign(moved);
        return lossAt(thought.z).dataSync()[0];
      });
      variable.assign(before);
      before.dispose();
      expect(grads[variable.name].dataSync()[3], names[i]).toBeCloseTo(expected, 3);
    }
    const whole = difference(thought.z, (z) => lossAt(z).dataSync()[0]);
    expect(Math.abs(whole)).toBeGreaterThan(1e-3);
    expect(byState.dataSync()[3]).toBeCloseTo(whole / 2, 3);
    tf.dispose([value, grads, byState, thought.z, thought.context]);
  });
});
