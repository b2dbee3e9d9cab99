import { expect, it } from 'vitest';
import { Discrete, MultiDiscrete } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';
import { distributionFor } from '../../src/policy/index.ts';

const logits = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);
/** How often each choice is drawn. */
function shares(params: Float32Array, how: { temperature: number; topP: number }, mask?: number[]) {
  const distribution = distributionFor(new Discrete(params.length));
  const drawn = distribution.tempered!(params, mask, how);
  const rng = Rng.seed(1, 'temper');
  const action = new Float32Array(1);
  const counts = new Array<number>(params.length).fill(0);
  for (let i = 0; i < 20_000; i++) {
    distribution.sample(drawn, mask, rng, action);
    counts[action[0]]++;
  }
  return counts.map((count) => count / 20_000);
}

it('a temperature of ½ squares the odds', () => {
  const [a, b, c] = shares(logits(0.5, 0.3, 0.2), { temperature: 0.5, topP: 1 });
  expect(a).toBeCloseTo(25 / 38, 1.5);
  expect(b).toBeCloseTo(9 / 38, 1.5);
  expect(c).toBeCloseTo(4 / 38, 1.5);
});

it('as few of the likeliest as have the share together are drawn', () => {
  const found = (topP: number) => shares(logits(0.2, 0.5, 0.3), { temperature: 1, topP });
  expect(found(0.5)).toEqual([0, 1, 0]);
  const [a, b, c] = found(0.6);
  expect(a).toBe(0);
  expect(b).toBeCloseTo(5 / 8, 1.5);
  expect(c).toBeCloseTo(3 / 8, 1.5);
  expect(found(1).every((share) => share > 0)).toBe(true);
});

it('what a mask forbids is neither drawn nor counted', () => {
  const [a, b, c] = shares(logits(0.6, 0.3, 0.1), { temperature: 1, topP: 0.7 }, [0, 1, 1]);
  expect([a, b, c]).toEqual([0, 1, 0]);
});

it('each component of a MultiDiscrete is tempered by itself', () => {
  const distribution = distributionFor(new MultiDiscrete([2, 2]));
  const params = logits(0.6, 0.4, 0.1, 0.9);
  const drawn = distribution.tempered!(params, undefined, { temperature: 1, topP: 0.5 });
  expect(Array.from(drawn, (logit) => logit > -Infinity)).toEqual([true, false, false, true]);
});
