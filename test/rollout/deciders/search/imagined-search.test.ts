import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Discrete } from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { distributionFor, fixed, type Policy, type Thought } from '../../../../src/policy/index.ts';
import type { DecisionRequest } from '../../../../src/rollout/deciders/decision.ts';
import { search } from '../../../../src/rollout/deciders/search/index.ts';
import { uniformPolicy } from '../../../support/uniform-agent.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/**
 * A policy that knows nothing but the rules of Nim, by its model: action a takes a + 1 stones of the z left, and whoever takes the last one
 * wins; to take more than there are loses.
 */
function nimPlayer(batches: number[] = []): Policy {
  const stones = (x: tf.Tensor) => tf.reshape(x, [-1, 1, 1]) as tf.Tensor3D;
  const policy = {
    distribution: distributionFor(new Discrete(3)),
    begin: (given: tf.Tensor2D): Thought => ({ z: stones(given), context: [], shared: [] }),
    step: ({ z }: Thought) => tf.clone(z),
    lastStep: ({ z }: Thought) => tf.clone(z),
    outputs: (z: tf.Tensor3D) => tf.zeros([z.shape[0], 5]),
    imagine: (thought: Thought, actions: tf.Tensor2D) => {
      batches.push(actions.shape[0]);
      return { ...thought, z: stones(tf.sub(tf.sub(tf.reshape(thought.z, [-1, 1]), actions), 1)) };
    },
    model: {
      outcomes: (z: tf.Tensor3D) => {
        const left = tf.reshape(z, [-1]);
        const over = tf.cast(tf.lessEqual(left, 0), 'float32');
        return {
          reward: tf.sub(over, tf.mul(tf.cast(tf.less(left, 0), 'float32'), 2)),
          turn: tf.sub(over, 1),
        };
      },
    },
  };
  return policy as unknown as Policy;
}

const behavior = () => ({
  ...{ rule: fixed(2), minSteps: 2, maxSteps: 2, floor: 0, forced: 0, greedy: true },
});

async function decided(policy: Policy, requests: DecisionRequest[], settings: object = {}) {
  const context = { policy, slots: 8, rng: Rng.seed(1, 'nim'), behavior };
  const decider = search.create(context, {
    ...{ simulations: 200, considered: 3, model: 'learned' },
    ...settings,
  });
  const tensors = tf.memory().numTensors;
  decider.push(requests);
  const decisions = [];
  while (decider.busy) decisions.push(...(await decider.tick()));
  expect(tf.memory().numTensors).toBe(tensors);
  decider.dispose();
  return decisions;
}

const withStones = (...left: number[]): DecisionRequest[] =>
  left.map((stones, env) => ({ env, row: Float32Array.of(stones) }));

describe('a search in a learned model', () => {
  it('finds the moves that win Nim, each player’s turn after the other’s', async () => {
    const decisions = await decided(nimPlayer(), withStones(5, 6, 7, 3, 1));
    expect(decisions.map(({ choice }) => choice)).toEqual([0, 1, 2, 2, 0]);
    for (const { improved, choice } of decisions) {
      const [best] = Array.from(improved!).toSorted((a, b) => b - a);
      expect(improved![choice as number]).toBe(best);
    }
  });

  it('thinks of many observations in one batch, each as if it were alone', async () => {
    const batches: number[] = [];
    const requests = withStones(25, 26, 27);
    const together = await decided(nimPlayer(batches), requests, { simulations: 16 });
    expect(batches).toEqual(Array(16).fill(3));
    const alone = [];
    for (const request of requests)
      alone.push(...(await decided(nimPlayer(), [request], { simulations: 16 })));
    expect(together.map(({ improved }) => improved)).toEqual(alone.map((one) => one.improved));
    expect(together[0].spent).toEqual({ thoughts: 1, ponderSteps: 2 + 16 });
  });

  it('is the likeliest action where its time is over', async () => {
    const [request] = withStones(7);
    const limits = { deadline: performance.now() - 1 };
    const [{ choice, spent }] = await decided(nimPlayer(), [{ ...request, limits }]);
    expect(choice).toBe(0);
    expect(spent!.thoughts).toBe(1);
  });

  it('may be dropped at any time', async () => {
    const context = { policy: nimPlayer(), slots: 8, rng: Rng.seed(1, 'nim'), behavior };
    const decider = search.create(context, { simulations: 1000, considered: 3, model: 'learned' });
    const tensors = tf.memory().numTensors;
    decider.push(withStones(7));
    await decider.tick();
    const last = decider.tick();
    await new Promise(setImmediate);
    expect(decider.pending).toBe(1);
    decider.dispose();
    expect(await last).toEqual([]);
    expect([decider.pending, tf.memory().numTensors]).toEqual([0, tensors]);
  });

  it('says which numbers are not finite, and that there is no model', async () => {
    const broken = nimPlayer();
    broken.model!.outcomes = (z) => ({
      reward: tf.fill([z.shape[0]], Number.NaN),
      turn: tf.zeros([z.shape[0]]),
    });
    await expect(decided(broken, withStones(7))).rejects.toThrow(
      'policy: expected finite numbers of an imagined action',
    );
    await expect(decided(uniformPolicy(3), withStones(7))).rejects.toThrow(
      'model: expected simulator, since the policy has learned no model of its environment',
    );
  });
});
