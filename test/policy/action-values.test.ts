import { describe, expect, it } from 'vitest';
import { Discrete, MultiDiscrete } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';
import { actionValues } from '../../src/policy/index.ts';

const row = (...values: number[]) => Float32Array.from(values);
const mask = (...values: number[]) => Uint8Array.from(values);

/** Shares of the actions that `sample` gave, by their text. */
function shares(
  space: Discrete | MultiDiscrete,
  epsilon: number,
  params: Float32Array,
  allowed?: Uint8Array,
) {
  const values = actionValues(space, epsilon);
  const rng = Rng.seed(4, 'shares');
  const draws = 20_000;
  const found = new Map<string, { share: number; logProb: number }>();
  for (let i = 0; i < draws; i++) {
    const action = new Float32Array(values.actionSize);
    const logProb = values.sample(params, allowed, rng, action);
    const { share = 0 } = found.get(action.join()) ?? {};
    found.set(action.join(), { share: share + 1 / draws, logProb });
  }
  return found;
}

describe('epsilon-greedy', () => {
  it('takes the best, and of a share epsilon any one of all', () => {
    const found = shares(new Discrete(4, 5), 0.4, row(0, 3, 1, 2));
    expect([...found.keys()].sort()).toEqual(['5', '6', '7', '8']);
    for (const [action, { share, logProb }] of found) {
      const expected = action === '6' ? 0.7 : 0.1;
      expect(Math.abs(share - expected), action).toBeLessThan(0.015);
      expect(Math.exp(logProb), action).toBeCloseTo(expected, 6);
    }
  });

  it('takes what the mask forbids neither as the best nor to explore', () => {
    const found = shares(new Discrete(4), 0.5, row(9, 1, 2, 9), mask(0, 1, 1, 0));
    expect([...found.keys()].sort()).toEqual(['1', '2']);
    expect(Math.abs(found.get('2')!.share - 0.75)).toBeLessThan(0.015);
    expect(Math.exp(found.get('2')!.logProb)).toBeCloseTo(0.75, 6);
    const action = row(0);
    actionValues(new Discrete(4), 0).mode(row(9, 1, 2, 9), mask(0, 1, 1, 0), action);
    expect(action[0]).toBe(2);
  });

  it('explores each component of a MultiDiscrete apart', () => {
    const space = new MultiDiscrete([2, 3], { start: [0, 1] });
    const found = shares(space, 0.3, row(1, 2, 5, 3, 4));
    expect(found.size).toBe(6);
    const { share, logProb } = found.get('1,1')!;
    expect(Math.abs(share - 0.85 * 0.8)).toBeLessThan(0.015);
    expect(Math.exp(logProb)).toBeCloseTo(0.85 * 0.8, 6);
    expect(Math.exp(found.get('0,3')!.logProb)).toBeCloseTo(0.15 * 0.1, 6);
  });

  it('is greedy at epsilon 0, and takes the first of equals', () => {
    const found = shares(new Discrete(3), 0, row(1, 1, 0));
    expect([...found]).toEqual([['0', { share: expect.closeTo(1, 6), logProb: 0 }]]);
  });

  it('goes by the epsilon that is set', () => {
    const values = actionValues(new Discrete(2), 1);
    values.epsilon = 0;
    const action = row(0);
    for (let i = 0; i < 50; i++) {
      values.sample(row(0, 1), undefined, Rng.seed(i), action);
      expect(action[0]).toBe(1);
    }
  });
});

describe('what the heads say is read as values', () => {
  const { reading } = actionValues(new MultiDiscrete([2, 2]), 0);
  const both = { act: true, think: true };
  const params = row(1, 3, -2, 0.5); // the best action is worth 3.5

  it.each([
    ['acts where acting is worth more', 3.25, both, 1, 3.5],
    ['acts where it is worth the same', 3.5, both, 1, 3.5],
    ['thinks where thinking is worth more', 3.75, both, 0, 3.75],
    ['thinks before minSteps, whatever acting is worth', 1, { act: false, think: true }, 0, 1],
    ['acts at maxSteps, whatever thinking is worth', 9, { act: true, think: false }, 1, 3.5],
  ])('%s', (_, think, may, halt, value) => {
    // The halting logit is not read.
    for (const logit of [-9, 9]) {
      expect(reading!(params, think, logit, undefined, may)).toEqual({ halt, value });
    }
  });

  it('never counts on an action that the mask forbids', () => {
    const read = (...allowed: number[]) => reading!(params, -5, 0, mask(...allowed), both).value;
    expect([read(1, 0, 1, 1), read(1, 1, 1, 0), read(1, 0, 1, 0)]).toEqual([1.5, 1, -1]);
  });

  it('says of which numbers the value of a choice is the sum', () => {
    const values = actionValues(new MultiDiscrete([2, 3], { start: [0, 4] }), 0);
    const parts = (action?: Float32Array) => {
      const own = new Float32Array(7);
      values.parts(action, own);
      return [...own];
    };
    expect(parts(row(1, 6))).toEqual([0, 1, 0, 0, 1, 0, 0]);
    expect(parts(row(0, 4))).toEqual([1, 0, 1, 0, 0, 0, 0]);
    expect(parts()).toEqual([0, 0, 0, 0, 0, 1, 0]);
  });

  it('shows a person the values, in the unit of the raw reward', () => {
    const { describe } = actionValues(new Discrete(3), 0);
    expect(describe(row(1, -2, 0.5), undefined)).toEqual([1, -2, 0.5]);
    expect(describe(row(1, -2, 0.5), undefined, 0.25)).toEqual([4, -8, 2]);
  });
});
