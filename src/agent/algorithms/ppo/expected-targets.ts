import * as tf from '@tensorflow/tfjs-core';
import { numbersOf } from '../../../kernels/ops/index.ts';
import type {
  Expectation,
  ExpectedLoss,
  Layout,
  Policy,
  UnrolledThoughts,
} from '../../../policy/index.ts';
import { advantages, type Trajectory } from '../../../rollout/index.ts';
import { decisionsAt, depthsOf, givenOf } from '../layout.ts';
import { learnedReward } from '../learned-reward.ts';
import { joined, piecesOf } from '../minibatches.ts';
import { explainedVariance, moments } from '../moments.ts';
import { type ForcedDepths, forcedDepths } from './forced-depths.ts';
import type { Minibatch } from './minibatch.ts';
import type { PpoConfig } from './settings.ts';
import type { UpdateSchedule } from './targets.ts';

/** The targets of a rollout under a halting rule that acts by a mixture over all depths. */
export interface ExpectedTargets {
  trajectory: Trajectory;
  thoughts: UnrolledThoughts;
  expectation: Expectation;
  /** The advantage of each decision [T]. */
  advantages: Float32Array;
  /** The value target at each depth: the net return from there on [T, K]. */
  targets: Float32Array;
  mean: number;
  scale: number;
  /** The price of a ponder step, in the unit of the scaled advantages. */
  price: number;
  explainedVariance: number | null;
  forcedDepths: ForcedDepths;
}

/**
 * Computes the advantage of each decision (not of each ponder step), with V the value after the first step and C the
 * expected cost of thinking, C = price · E[n − minSteps]:
 *
 *     δ = r − C + gamma·V(next decision) − V          A = δ + gamma·lambda · A'
 *
 * (`advantages` with one micro-step per decision). Depth is part of the policy here and not an action, so no decision
 * is forced. The target of the value after k steps is the net return that is left then: A + V + C, minus the expected
 * price of the steps after k.
 */
export async function computeExpectedTargets(
  policy: Policy,
  trajectory: Trajectory,
  { ppo, halting, recipe }: PpoConfig,
  phase: UpdateSchedule,
  loss: ExpectedLoss,
): Promise<ExpectedTargets> {
  const { count, offset, ticks, ended, next, bootstrap } = trajectory;
  const depths = halting.maxSteps;
  const { values: found, ...unrolled } = await unrollAll(policy, trajectory, depths, ppo.minibatch);
  const forced = phase.released ? recipe.forcedShare : 0;
  const thoughts = { released: phase.released, forced, count, depths, ...unrolled };
  const expectation = loss.expect(thoughts);
  const { priced, remaining, acted } = expectation;
  const price = phase.price * phase.rewardScale;
  const values = Float32Array.from({ length: count }, (_, t) => trajectory.values[offset[t]]);
  const rewards = Float32Array.from(
    { length: count },
    (_, t) => learnedReward(trajectory, t, phase) - price * priced[t],
  );
  const single = {
    ponderSteps: new Int32Array(count).fill(1),
    offset: Int32Array.from({ length: count }, (_, t) => t),
    weights: new Float32Array(count).fill(1),
  };
  const all = advantages(
    { count, ...single, values, rewards, ticks, ended, next, bootstrap },
    { ...ppo, price: 0, minSteps: 1 },
  );
  const targets = new Float32Array(count * depths);
  const errors = new Float32Array(count);
  for (let t = 0, at = 0; t < count; t++) {
    const net = all[t] + values[t];
    errors[t] = net;
    for (let k = 0; k < depths; k++, at++) {
      const paid = price * (priced[t] - remaining[at]);
      targets[at] = net + paid;
      errors[t] -= acted[at] * (found[at] - paid);
    }
  }
  const { mean, variance } = moments(errors);
  const worth = all.map((a, t) => a + values[t] + price * priced[t]);
  const returns = all.map((a, t) => a + values[t]);
  // The spread of the paid price is included, so that the scale stays bounded when the policy makes no more mistakes.
  const scale = 1 / (Math.sqrt(variance + price ** 2 * expectation.spread) + 1e-8);
  return {
    ...{ trajectory, thoughts, expectation, advantages: errors, targets, mean, scale },
    price: price * scale,
    explainedVariance: explainedVariance(variance, returns),
    forcedDepths: forcedDepths(trajectory, worth, values),
  };
}

/** Gathers the chosen decisions of a rollout with every depth of each. */
export function buildExpectedMinibatch(
  learning: ExpectedTargets,
  chosen: Int32Array,
  loss: ExpectedLoss,
): Minibatch {
  const { trajectory, thoughts, expectation, price } = learning;
  const sorted = chosen.sort();
  const decisions = sorted.length;
  const layout: Layout = { sorted, reach: new Array(thoughts.depths).fill(decisions) };
  const { depths } = thoughts;
  const byDepth = (source: Float32Array) =>
    Float32Array.from({ length: depths * decisions }, (_, m) => {
      const [k, i] = [Math.floor(m / decisions), m % decisions];
      return source[sorted[i] * depths + k];
    });
  return {
    ...decisionsAt(trajectory, sorted),
    reach: [...layout.reach],
    oldLogProb: Float32Array.from(sorted, (t) => expectation.logProb[t]),
    advantage: Float32Array.from(
      sorted,
      (t) => (learning.advantages[t] - learning.mean) * learning.scale,
    ),
    valueWeight: byDepth(expectation.reached),
    target: byDepth(learning.targets),
    acts: 'all',
    halting: loss.gather(thoughts, layout, price),
  };
}

/** Computes halting logits, values and ln π(action) at every depth of every decision [T, K], by minibatches. */
async function unrollAll(
  policy: Policy,
  trajectory: Trajectory,
  depths: number,
  most: number,
): Promise<Pick<UnrolledThoughts, 'logits' | 'logProbs'> & { values: Float32Array }> {
  const { count } = trajectory;
  const { distribution } = policy;
  const logits = new Float32Array(count * depths);
  const values = new Float32Array(count * depths);
  const logProbs = new Float64Array(count * depths);
  // So that decisions of a chunk have most of what they remember in common.
  const order = joined(piecesOf(trajectory, most));
  for (let begin = 0; begin < count; begin += most) {
    const chunk = order.slice(begin, begin + most);
    const { seen, actions, masks } = decisionsAt(trajectory, chunk);
    const reach = new Array<number>(depths).fill(chunk.length);
    const outputs = tf.tidy(() => {
      const given = givenOf(seen, chunk.length);
      return policy.outputs(policy.think(given, reach), depthsOf(reach));
    });
    const all = await numbersOf(outputs);
    const width = outputs.shape[1];
    const part = (data: Float32Array, i: number) =>
      data.subarray((i * data.length) / chunk.length, ((i + 1) * data.length) / chunk.length);
    for (let k = 0, row = 0; k < depths; k++) {
      for (let i = 0; i < chunk.length; i++, row += width) {
        const at = chunk[i] * depths + k;
        const params = all.subarray(row, row + width - 2);
        const mask = masks && part(masks, i);
        logProbs[at] = distribution.score(params, mask, part(actions, i)).logProb;
        values[at] = all[row + width - 2];
        logits[at] = all[row + width - 1];
      }
    }
    outputs.dispose();
  }
  return { logits, logProbs, values };
}
