import { z } from 'zod';
import type { AlgorithmDefinition } from '../../src/index.ts';
import { tf } from '../../src/kernels/index.ts';
import { fixed } from '../../src/policy/index.ts';

const settings = z.strictObject({
  decisions: z.int().min(1).default(64).describe('Decisions of a rollout.'),
  gamma: z.number().min(0).max(1).default(0).describe('Discount per decision.'),
  rate: z.number().min(0).default(0.5).describe('Step size.'),
  momentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of a step that the next repeats.'),
});

/** REINFORCE (Williams 1992) without value, discount or halting: one ponder step, then ∇ = E[(r − baseline) ∇ ln π]. */
export const toyAlgorithm: AlgorithmDefinition<'toy', typeof settings> = {
  name: 'toy',
  summary: 'REINFORCE with a running baseline',
  settings,
  halting: ['fixed'],
  statistics: {
    toyLoss: '−(reward − baseline) · ln π per decision',
    baseline: 'running mean of the rewards',
    toyRate: 'step size of the update',
  },
  schedule: ({ rate }, progress) => ({ rate: rate * (1 - 0.5 * progress) }),
  largestStep: ({ decisions }, envs) => ({ decisions: decisions + envs - 1, epochs: 1 }),
  dryRun: (own, decisions) => ({ ...own, decisions, rate: 0 }),
  create({ policy, settings: { rate, momentum } }) {
    const { list } = policy.parameters;
    let velocity = list.map(({ variable }) => new Float32Array(variable.size));
    const counters = { baseline: 0, updates: 0 };
    return {
      behavior: () => ({
        rule: fixed(1),
        minSteps: 1,
        maxSteps: 1,
        floor: 0,
        forced: 0,
        greedy: false,
      }),
      async update({ count, sizes, rows, actions, rewards }, { progress }) {
        const step = rate * (1 - 0.5 * progress);
        const taken = (data: Float32Array | Uint8Array, size: number) =>
          tf.tensor2d(Float32Array.from(data.subarray(0, count * size)), [count, size]);
        const { value, grads } = tf.variableGrads(
          () => {
            const thoughts = policy.think(taken(rows, sizes.observationSize), [count]);
            const { params } = policy.split(policy.outputs(thoughts, 1));
            const chosen = policy.distribution.logProb(params, taken(actions, sizes.actionSize));
            const advantage = rewards.slice(0, count).map((reward) => reward - counters.baseline);
            return tf.neg(tf.mean(tf.mul(chosen, advantage)));
          },
          list.map(({ variable }) => variable),
        );
        for (const [i, { variable }] of list.entries()) {
          const gradient = await grads[variable.name].data();
          velocity[i] = velocity[i].map((v, j) => momentum * v - step * gradient[j]);
          tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(velocity[i], variable.shape))));
        }
        const toyLoss = (await value.data())[0];
        tf.dispose([value, grads]);
        const mean = rewards.slice(0, count).reduce((a, b) => a + b, 0) / count;
        counters.baseline += (mean - counters.baseline) / Math.min(++counters.updates, 10);
        return { toyLoss, baseline: counters.baseline, toyRate: step };
      },
      state: async () => ({
        tensors: Object.fromEntries(
          velocity.map((data, i) => [list[i].name, { shape: [data.length], data: data.slice() }]),
        ),
        counters: { ...counters },
      }),
      restore(state) {
        velocity = list.map(({ name }) => state.tensors[name].data.slice());
        Object.assign(counters, state.counters);
      },
      dispose() {},
    };
  },
};
