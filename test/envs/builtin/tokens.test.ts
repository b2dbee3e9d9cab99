import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import { Addition, addition } from '../../../src/envs/builtin/tokens/addition.ts';
import { Countdown } from '../../../src/envs/builtin/tokens/countdown.ts';
import { induction, Lookup } from '../../../src/envs/builtin/tokens/lookup.ts';
import { Multiply, multiplication } from '../../../src/envs/builtin/tokens/multiply.ts';
import { Permute, wordProblem } from '../../../src/envs/builtin/tokens/permute.ts';
import type { TextEnv } from '../../../src/envs/builtin/tokens/text-env.ts';
import type { TokenEnv } from '../../../src/envs/builtin/tokens/token-env.ts';
import { type Env, EnvPool, type Info } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';

type Tokens = TokenEnv | TextEnv;

/** Plays an episode to its end by a rule; the prompt is given, then what each decision saw. */
function play(
  env: Tokens,
  choose: (info: Info) => number,
  seed?: number,
): { prompt: number[]; shown: number[]; infos: Info[]; total: number; last: Info } {
  let { obs, info } = env.reset({ seed });
  const prompt = [...(info.earlier as number[]), obs];
  const [shown, infos]: [number[], Info[]] = [[], []];
  let total = 0;
  for (;;) {
    infos.push(info);
    const step = env.step(choose(info));
    ({ obs, info } = step);
    shown.push(obs);
    total += step.reward;
    if (step.terminated) return { prompt, shown, infos, total, last: info };
    expect(step.truncated).toBe(false);
  }
}

/** Options of who answers without a scratchpad. */
const atOnce = { thoughts: 0, thoughtPrice: 0 };

const demonstrated = (info: Info) => info.demonstration as number;
const spell = (env: Tokens, tokens: readonly number[]) =>
  tokens.map((token) => env.alphabet[token]).join('');

/** Sets an environment before the first decision on a question. */
function pose(env: Tokens, question: object) {
  const state = { question, written: [], right: [], over: false };
  env.restore({ ...env.snapshot(), over: false, state });
}

describe.each([
  ['Addition-v0', { digits: 4 }],
  ['Addition-v0', { digits: 3, reward: 'answer' }],
  ['Addition-v0', { digits: 3, thoughts: 6 }],
  ['Multiply-v0', { first: 3, second: 2 }],
  ['Multiply-v0', { first: 2, second: 3, thoughts: 8 }],
  ['Multiply-v0', { first: 1, second: 4, reward: 'answer' }],
  ['Countdown-v0', { numbers: 3, largest: 20 }],
  ['Countdown-v0', { numbers: 6, largest: 12 }],
  ['Permute-v0', { factors: 5 }],
  ['Permute-v0', { factors: 5, thoughts: 2 }],
  ['Permute-v0', { factors: 6, minFactors: 2, from: 'swaps', asked: 'each' }],
  ['Lookup-v0', { length: 24, letters: 5, hops: 3, asked: 6 }],
  ['Lookup-v0', { length: 8, letters: 3, hops: 5, asked: 8 }],
  ['Text-v0', { window: 12, prompt: 3 }],
] as const)('%s %j', (id, options) => {
  const make = () => makeEnv(id, options) as unknown as Tokens;

  it('pays all to who follows the demonstrations, and little to who guesses', () => {
    const env = make();
    env.reset({ seed: 1 });
    for (let i = 0; i < 50; i++) {
      const { total, last } = play(env, demonstrated);
      expect(total).toBeCloseTo(1, 9);
      if (id !== 'Text-v0') expect(last.success).toBe(true);
      expect(last).not.toHaveProperty('demonstration');
      expect(last).not.toHaveProperty('earlier');
    }
    const rng = Rng.seed(3);
    let total = 0;
    for (let i = 0; i < 200; i++) total += play(env, () => env.actionSpace.sample(rng)).total;
    expect(total / 200).toBeLessThan(0.35);
  });

  it('shows the prompt through a pool as observations that came before', async () => {
    const env = make();
    let begun: ReturnType<Tokens['reset']> | undefined;
    const recorded: Env = Object.create(env as unknown as Env, {
      reset: {
        value: (options: object) => {
          begun = env.reset(options);
          return begun;
        },
      },
      step: { value: (action: number) => env.step(action) },
    });
    const pool = await EnvPool.create(() => recorded, {
      ...{ name: id, count: 1, seed: 1, timeoutMs: 1000 },
    });
    const [{ row, earlier = [], difficulty }] = await firstValueFrom(pool.observe());
    await pool.close();
    const { obs, info } = begun!;
    expect([...earlier, row].map((one) => [...one])).toEqual(
      [...(info.earlier as number[]), obs].map((token) => [token]),
    );
    expect(difficulty).toBe(info.difficulty);
  });
});

describe('an environment that asks for tokens', () => {
  const make = (reward: 'token' | 'answer') =>
    new Addition({ ...atOnce, digits: 2, nines: 0, reward });
  const question = addition([4, 5], [5, 7]); // 102

  it('shows what was written, and goes on after a wrong token', () => {
    const env = make('token');
    pose(env, question);
    const steps = [1, 7, 2].map((token) => env.step(token));
    expect(steps.map(({ obs }) => obs)).toEqual([1, 7, 2]);
    expect(steps.map(({ reward }) => reward)).toEqual([1 / 3, 0, 1 / 3]);
    expect(steps.map(({ info }) => info.demonstration)).toEqual([0, 2, undefined]);
    expect(steps.map(({ terminated }) => terminated)).toEqual([false, false, true]);
    expect(steps[2].info).toEqual({ success: false });
  });

  it('rewards the whole answer alone where it is told to', () => {
    const rewards = (answer: number[]) => {
      const env = make('answer');
      pose(env, question);
      return answer.map((token) => env.step(token).reward);
    };
    expect(rewards([1, 0, 2])).toEqual([0, 0, 1]);
    expect(rewards([1, 7, 2])).toEqual([0, 0, 0]);
  });

  it('draws what is right and what is wrong', () => {
    const env = make('token');
    pose(env, question);
    env.step(1);
    env.step(10);
    const { shapes } = env.render();
    const texts = shapes.flatMap((shape) => (shape.type === 'text' ? [shape] : []));
    expect(texts.map(({ text }) => text).join('')).toBe('45+57=1+');
    const [ink, right, wrong] = [texts[0], texts[6], texts[7]].map(({ fill }) => fill);
    expect(new Set([ink, right, wrong]).size).toBe(3);
  });
});

describe('Addition-v0', () => {
  it.each([
    // 995 + 006 = 1001: a carry from the units comes through both columns of 9.
    { first: [9, 9, 5], second: [0, 0, 6], answer: [1, 0, 0, 1], difficulty: [2, 1, 0, 0] },
    // 36 + 63 = 099: no carry, but who writes the 0 has to look at both columns.
    { first: [3, 6], second: [6, 3], answer: [0, 9, 9], difficulty: [2, 1, 0] },
    { first: [4, 5], second: [5, 7], answer: [1, 0, 2], difficulty: [1, 0, 0] },
    { first: [7], second: [8], answer: [1, 5], difficulty: [0, 0] },
  ])('$first + $second is $answer', ({ first, second, answer, difficulty }) => {
    const env = new Addition({ ...atOnce, digits: first.length, nines: 0, reward: 'token' });
    const question = addition(first, second);
    expect(question).toMatchObject({ answer, difficulty });
    expect(spell(env, question.prompt)).toBe(`${first.join('')}+${second.join('')}=`);
  });

  it('asks for the sum of the numbers on show, with digits that hang on what it says', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 7 }), (seed, digits) => {
        const env = new Addition({ ...atOnce, digits, nines: 0.5, reward: 'token' });
        const { prompt, shown, infos } = play(env, demonstrated, seed);
        const [first, second] = spell(env, prompt).slice(0, -1).split('+');
        expect(first.length).toBe(digits);
        const sum = (a: string, b: string) =>
          String(Number(a) + Number(b)).padStart(digits + 1, '0');
        expect(shown.join('')).toBe(sum(first, second));
        infos.forEach(({ difficulty }, i) => {
          // With the columns beyond the chain and the one that settles it set to 0 or to 9, the digit stays.
          const kept = i + difficulty! + 1;
          const others = (fill: string) =>
            [first, second].map((number) => number.slice(0, kept).padEnd(digits, fill));
          for (const fill of ['0', '9']) {
            const [a, b] = others(fill);
            expect(sum(a, b)[i]).toBe(String(shown[i]));
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('makes as many columns sum to 9 as it is told to, and chains as long as follows from that', () => {
    const env = new Addition({ ...atOnce, digits: 3, nines: 0.5, reward: 'token' });
    env.reset({ seed: 4 });
    const episodes = 4000;
    const chains = [0, 0, 0, 0];
    for (let i = 0; i < episodes; i++) chains[env.reset().info.difficulty!]++;
    // A column sums to 9 with probability .5 + .5 · .1.
    const p = 0.55;
    [1 - p, p * (1 - p), p * p * (1 - p), p ** 3].forEach((share, k) => {
      const sigma = Math.sqrt(episodes * share * (1 - share));
      expect(Math.abs(chains[k] - episodes * share)).toBeLessThan(5 * sigma);
    });
  });
});

describe('Multiply-v0', () => {
  it('12 × 34 is 0408, digit by digit from the products that each hangs on', () => {
    // Sums of the columns 8, 10, 3, 0 of 1, 2, 1 and 0 products, with carries of at most 8, 17 and 9 into the last three.
    expect(multiplication([1, 2], [3, 4])).toMatchObject({
      answer: [0, 4, 0, 8],
      difficulty: [3, 3, 3, 1],
    });
  });

  it('asks for the product of the numbers on show, with digits that hang on what it says', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (seed, first, second) => {
          const env = new Multiply({ ...atOnce, first, second, reward: 'token' });
          const { prompt, shown, infos } = play(env, demonstrated, seed);
          const [a, b] = spell(env, prompt).slice(0, -1).split('×');
          expect([a.length, b.length]).toEqual([first, second]);
          const product = String(Number(a) * Number(b)).padStart(first + second, '0');
          expect(shown.join('')).toBe(product);
          // The last digit hangs on its own product, the first on no more than all.
          expect(infos.at(-1)!.difficulty).toBe(1);
          expect(infos[0].difficulty).toBeLessThanOrEqual(first * second);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a leading digit hangs on the last product where only a carry from there settles it', () => {
    // 167 × 6 = 1002: columns 6, 36, 42. Whether 36 + 4 carries 4 hangs on the 4.
    expect(multiplication([1, 6, 7], [6]).difficulty).toEqual([3, 3, 2, 1]);
    // 100 × 6 = 0600: no carry from the last column, of at most 8, reaches the first digit.
    expect(multiplication([1, 0, 0], [6]).difficulty).toEqual([2, 2, 2, 1]);
  });
});

describe('Countdown-v0', () => {
  const env = new Countdown({ numbers: 3, largest: 20 });
  const token = (name: string) => env.alphabet.indexOf(name);
  const tokens = (text: string) => text.split(' ').map(token);
  const question = {
    prompt: tokens('3 8 4 20 ='),
    answer: tokens('8 3 − 4 ×'),
    difficulty: [3, 2, 1, 1, 0],
    numbers: [3, 8, 4],
    target: 20,
  };
  const write = (expression: string) => {
    pose(env, question);
    return tokens(expression).map((one) => env.step(one));
  };

  it.each(['8 3 − 4 ×', '4 8 3 − ×'])('takes any expression with the value: %s', (expression) => {
    const steps = write(expression);
    expect(steps.map(({ reward }) => reward)).toEqual([0, 0, 0, 0, 1]);
    expect(steps.at(-1)).toMatchObject({ terminated: true, info: { success: true } });
  });

  it.each([
    ['another value', '8 3 + 4 ×'],
    ['a number twice', '8 8'],
    ['a number that was not given', '5'],
    ['an operator without two values', '8 −'],
    ['a difference that is not positive', '3 8 −'],
    ['a quotient that is not whole', '8 3 ÷'],
    ['a sign that belongs to the question', '8 ='],
  ])('ends without reward with %s', (_, expression) => {
    const steps = write(expression);
    const last = steps.pop()!;
    expect(steps.map(({ terminated }) => terminated)).not.toContain(true);
    expect(last).toMatchObject({ reward: 0, terminated: true, info: { success: false } });
  });

  it('demonstrates the expression that it drew, until another one is begun', () => {
    const shown = (expression: string) =>
      write(expression).map(({ info }) => env.alphabet[info.demonstration as number]);
    expect(shown('8 3 −')).toEqual(['3', '−', '4']);
    expect(shown('8 4 3')).toEqual(['3', undefined, undefined]);
  });

  it('says how many numbers are left', () => {
    pose(env, question);
    expect(write('8 3 − 4').map(({ info }) => info.difficulty)).toEqual([2, 1, 1, 0]);
  });

  it('asks for a target in range, and shows the numbers of the expression', () => {
    const large = new Countdown({ numbers: 5, largest: 9 });
    for (let seed = 0; seed < 50; seed++) {
      const { prompt, shown } = play(large, demonstrated, seed);
      expect(prompt).toHaveLength(7);
      const numbers = shown.filter((one) => one < 9);
      expect(numbers.sort()).toEqual(prompt.slice(0, 5).sort());
      expect(prompt[5]).toBeLessThan(9);
    }
  });
});

describe('Permute-v0', () => {
  const env = new Permute({ ...atOnce, factors: 4, minFactors: 1, from: 'all', asked: 'end' });
  const word = (text: string) => text.split(' ').map((name) => env.alphabet.indexOf(name));

  it('multiplies from left to right', () => {
    // 1 goes to 2 and stays there or goes on to 3: first the exchange of 1 and 2, then that of 2 and 3.
    const ask = (text: string) => {
      const { prompt, answer, difficulty } = wordProblem(word(text), 'end');
      return [spell(env, prompt), spell(env, answer), difficulty];
    };
    expect(ask('21345 13245')).toEqual(['2134513245=', '31245', [2]]);
    expect(ask('13245 21345')).toEqual(['1324521345=', '23145', [2]]);
    expect(ask('23451 23451 23451 23451 23451')).toEqual([expect.any(String), '12345', [5]]);
  });

  it('asks for the product of each beginning, a factor a decision', () => {
    const env = new Permute({ ...atOnce, factors: 3, minFactors: 3, from: 'all', asked: 'each' });
    pose(env, wordProblem(word('21345 13245 21345'), 'each'));
    const steps = word('21345 31245 32145').map((product) => env.step(product));
    expect(steps.map(({ reward }) => reward)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(steps.map(({ obs }) => obs)).toEqual(word('13245 21345 21345'));
    expect(steps.map(({ info }) => info.difficulty)).toEqual([2, 3, undefined]);
    expect(steps[2].info.success).toBe(true);
  });

  it('draws lengths, factors and so products uniformly, from all or from exchanges of neighbors', () => {
    env.reset({ seed: 2 });
    const [lengths, products] = [Array(5).fill(0), Array(120).fill(0)];
    const episodes = 12_000;
    for (let i = 0; i < episodes; i++) {
      const { prompt, infos } = play(env, demonstrated);
      lengths[infos[0].difficulty!]++;
      expect(prompt).toHaveLength(infos[0].difficulty! + 1);
      products[demonstrated(infos[0])]++;
    }
    for (const count of lengths.slice(1)) expect(Math.abs(count - 3000)).toBeLessThan(5 * 48);
    for (const count of products) expect(Math.abs(count - 100)).toBeLessThan(6 * 10);
    const swaps = new Permute({
      ...atOnce,
      factors: 40,
      minFactors: 40,
      from: 'swaps',
      asked: 'end',
    });
    const used = new Set(play(swaps, demonstrated, 1).prompt.map((one) => swaps.alphabet[one]));
    expect([...used].sort()).toEqual(['12354', '12435', '13245', '21345', '=']);
  });
});

describe('Lookup-v0', () => {
  it('hops from a letter to its latest occurrence before and one on', () => {
    // a b c a b: b at the end was last at 1, so one hop leads to c at 2, which has not occurred before.
    const text = [0, 1, 2, 0, 1];
    expect(induction(text, 1, 2, 9)).toEqual({
      prompt: [0, 1, 2, 0],
      answer: [1, 2],
      difficulty: [1, 1],
      follows: [1],
    });
    expect(induction(text, 2, 2, 9)).toMatchObject({ answer: [9, 9], difficulty: [2, 2] });
    // a b a c a b a: from the last a to b at 5, from there to a at 2, from there to b at 1.
    expect(induction([0, 1, 0, 2, 0, 1, 0], 3, 1, 9)).toMatchObject({
      answer: [1],
      difficulty: [3],
    });
    expect(induction([0, 1, 0, 2, 0, 1, 0], 5, 1, 9)).toMatchObject({
      answer: [9],
      difficulty: [4],
    });
  });

  it('asks as its definition says, of texts without equal neighbors', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 6 }), (seed, letters) => {
        const options = { length: 20, letters, hops: 4, minHops: 1, asked: 5 };
        const env = new Lookup(options);
        const { prompt, shown, infos } = play(env, demonstrated, seed);
        const p = prompt[0] - letters;
        expect([p >= 1, p <= 4, prompt.length, shown.length]).toEqual([true, true, 17, 5]);
        // The last letter stays on show.
        expect(shown[4]).toBe(shown[3]);
        const text = [...prompt.slice(1), ...shown.slice(0, 4)];
        for (let i = 1; i < 20; i++) expect(text[i]).not.toBe(text[i - 1]);
        infos.forEach((info, k) => {
          let at = 15 + k;
          for (let hop = 0; hop < p && at >= 0; hop++) {
            const before = text.slice(0, at).lastIndexOf(text[at]);
            at = before < 0 ? -1 : before + 1;
          }
          expect(demonstrated(info)).toBe(at < 0 ? letters : text[at]);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('draws hops uniformly', () => {
    const env = new Lookup({ length: 64, letters: 4, hops: 3, minHops: 2, asked: 1 });
    env.reset({ seed: 6 });
    let three = 0;
    for (let i = 0; i < 2000; i++) three += Number(env.reset().info.difficulty === 3);
    expect(Math.abs(three - 1000)).toBeLessThan(5 * 23);
  });
});
