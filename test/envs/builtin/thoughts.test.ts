import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import { addition } from '../../../src/envs/builtin/tokens/addition.ts';
import { multiplication } from '../../../src/envs/builtin/tokens/multiply.ts';
import { wordProblem } from '../../../src/envs/builtin/tokens/permute.ts';
import type { Question, TokenEnv } from '../../../src/envs/builtin/tokens/token-env.ts';

/** Begins an episode with a question, as an environment with these options poses it. */
function posed(id: string, options: object, question: Question): TokenEnv {
  const env = makeEnv(id, options) as unknown as TokenEnv;
  env.reset({ seed: 1 });
  const state = { question, thought: [], written: [], right: [], over: false };
  env.restore({ ...env.snapshot(), state });
  return env;
}

const digits = (least: number, most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most });

describe('a scratchpad', () => {
  const question = addition([9, 5], [1, 7]); // 112
  const END = 12;
  const options = { digits: 2, thoughts: 6, thoughtPrice: 0.125 };

  it('comes before the answer, costs its tokens, and is not judged', () => {
    const env = posed('Addition-v0', options, question);
    expect(env.alphabet.join('')).toBe('0123456789+=:');
    const tokens = [1, 2, 3, END, 1, 1, 2];
    const steps = tokens.map((token) => env.step(token));
    expect(steps.map(({ obs }) => obs)).toEqual(tokens);
    expect(steps.map(({ reward }) => reward)).toEqual([
      -0.125,
      -0.125,
      -0.125,
      0,
      1 / 3,
      1 / 3,
      1 / 3,
    ]);
    // The sum of the units is 12, that of the tens with the carry 11.
    const shown = steps.map(({ info }) => info.demonstration);
    expect(shown).toEqual([2, 1, 1, 1, 1, 2, undefined]);
    expect(steps.at(-1)!.info).toEqual({ answer: [1, 1, 2], success: true });
  });

  it('may be left out', () => {
    const env = posed('Addition-v0', options, question);
    const steps = [END, 1, 1, 2].map((token) => env.step(token));
    expect(steps.map(({ reward }) => reward)).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
    expect(steps[3].terminated).toBe(true);
  });

  it('is ended by the environment where there is no room left', () => {
    const env = posed('Addition-v0', { ...options, thoughts: 3 }, question);
    const steps = [1, 2, 1, 1, 1, 2].map((token) => env.step(token));
    expect(steps.map(({ obs }) => obs)).toEqual([1, 2, END, 1, 1, 2]);
    expect(steps.map(({ info }) => info.earlier)).toEqual([
      ...[undefined, undefined, [1], undefined, undefined, undefined],
    ]);
    expect(steps.at(-1)!.info.success).toBe(true);
  });

  it('is part of a snapshot', () => {
    const env = posed('Addition-v0', options, question);
    env.step(4);
    const snapshot = JSON.parse(JSON.stringify(env.snapshot()));
    const other = makeEnv('Addition-v0', options) as unknown as TokenEnv;
    other.restore(snapshot);
    for (const token of [END, 1]) expect(other.step(token)).toEqual(env.step(token));
  });
});

describe('what is worked out', () => {
  it('of a sum: each column, from which the answer is read backwards', () => {
    fc.assert(
      fc.property(digits(1, 6), (first) => {
        const second = first.map((digit) => (7 * digit + 3) % 10);
        const { worked = [], answer } = addition(first, second);
        const ones = worked.filter((_, i) => i % 2 === 1);
        expect([...ones, worked.at(-2)].reverse()).toEqual(answer);
      }),
    );
  });

  it('of a product: each partial one, and the sums of them', () => {
    // 12 · 4 = 048, 12 · 3 = 036, 48 + 360 = 0408, each from the right.
    const { worked } = multiplication([1, 2], [3, 4]);
    expect(worked?.join('')).toBe('8406308040');
    expect(multiplication([9, 9], [7]).worked).toEqual([3, 9, 6]);
    fc.assert(
      fc.property(digits(1, 4), digits(2, 4), (first, second) => {
        const { worked = [], answer } = multiplication(first, second);
        expect(worked.slice(-answer.length).reverse()).toEqual(answer);
      }),
    );
  });

  it('of a word: the products of its beginnings', () => {
    const word = [17, 60, 99, 3];
    const products = wordProblem(word, 'each').answer;
    expect(wordProblem(word, 'end').worked).toEqual(products.slice(1, 3));
    expect(wordProblem([5], 'end').worked).toEqual([]);
    expect(() => makeEnv('Permute-v0', { asked: 'each', thoughts: 2 })).toThrow(
      'thoughts: expected 0 where asked is each',
    );
  });
});
