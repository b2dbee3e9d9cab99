import { describe, expect, it } from 'vitest';
import { Dict, Discrete, type Space, Text, Tuple } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';
import { type Distribution, distributionFor } from '../../src/policy/index.ts';

function parametersOf({ outputs, free }: Distribution, seed = 1, scale = 1): Float32Array {
  const rng = Rng.seed(seed, 'text');
  return Float32Array.from({ length: outputs + free.count }, () => scale * rng.normal());
}

/** All texts of at most `most` characters. */
function textsOf(characters: string, most: number): string[] {
  const longest = (length: number): string[] =>
    length === 0
      ? ['']
      : longest(length - 1).flatMap((text) => [...characters].map((one) => text + one));
  return Array.from({ length: most + 1 }, (_, length) => longest(length)).flat();
}

function rowOf<T>(space: Space<T>, value: T): Float32Array {
  const row = new Float32Array(space.size);
  space.write(value, row);
  return row;
}

const space = new Text({ minLength: 1, maxLength: 3, charset: 'aé😀' });
const distribution = distributionFor(space);
const params = parametersOf(distribution);
const texts = textsOf('aé😀', 3).filter((text) => space.contains(text));
const probability = (text: string, of = params) =>
  Math.exp(distribution.score(of, undefined, rowOf(space, text)).logProb);

describe('a text', () => {
  it('is one of all texts of the space, whose probabilities sum to 1', () => {
    expect(texts).toHaveLength(3 + 9 + 27);
    expect(texts.reduce((sum, text) => sum + probability(text), 0)).toBeCloseTo(1, 6);
  });

  it.each([
    [0, 2, 1 + 2 + 4],
    [2, 2, 4],
  ])('has %d to %d characters', (minLength, maxLength, count) => {
    const space = new Text({ minLength, maxLength, charset: 'ab' });
    const distribution = distributionFor(space);
    const params = parametersOf(distribution);
    const possible = textsOf('ab', maxLength).filter((text) => text.length >= minLength);
    expect(possible).toHaveLength(count);
    const sum = possible.reduce(
      (sum, text) =>
        sum + Math.exp(distribution.score(params, undefined, rowOf(space, text)).logProb),
      0,
    );
    expect(sum).toBeCloseTo(1, 6);
  });

  it('is drawn as often as its probability says, in the row that the space writes', () => {
    const draws = 20_000;
    const rng = Rng.seed(3);
    const counts = new Map<string, number>();
    // A row that held a longer text.
    const action = new Float32Array(distribution.actionSize).fill(2);
    for (let i = 0; i < draws; i++) {
      const logProb = distribution.sample(params, undefined, rng, action);
      const drawn = distribution.toAction(action) as string;
      expect(rowOf(space, drawn)).toEqual(action);
      expect(Math.exp(logProb)).toBeCloseTo(probability(drawn), 10);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    for (const text of texts) {
      const share = probability(text);
      const error = Math.sqrt((share * (1 - share)) / draws);
      expect(Math.abs((counts.get(text) ?? 0) / draws - share)).toBeLessThanOrEqual(4 * error);
    }
  });

  it('has an entropy that is the mean of the entropies along the texts', () => {
    let [entropy, mean] = [0, 0];
    for (const text of texts) {
      const scored = distribution.score(params, undefined, rowOf(space, text));
      entropy -= Math.exp(scored.logProb) * scored.logProb;
      mean += Math.exp(scored.logProb) * scored.entropy;
    }
    expect(mean).toBeCloseTo(entropy, 5);
  });

  it('has the gradient of finite differences, by every number of the row, 0 after its end', () => {
    const [a, b] = [0.7, -1.3];
    for (const text of ['a', 'é😀', '😀a', 'éaé']) {
      const own = parametersOf(distribution, 5, 0.5);
      const gradient = new Float32Array(own.length).fill(Number.NaN);
      distribution.scoreGradient(own, undefined, rowOf(space, text), a, b, gradient);
      const objective = () => {
        const { logProb, entropy } = distribution.score(own, undefined, rowOf(space, text));
        return a * logProb + b * entropy;
      };
      for (let i = 0; i < own.length; i++) {
        const kept = own[i];
        own[i] = kept + 2 ** -7;
        const above = objective();
        own[i] = kept - 2 ** -7;
        const below = objective();
        own[i] = kept;
        const found = (above - below) * 2 ** 6;
        expect(Math.abs(found - gradient[i]), `${text}, number ${i}`).toBeLessThan(2e-3);
      }
    }
    const gradient = new Float32Array(params.length).fill(Number.NaN);
    distribution.scoreGradient(params, undefined, rowOf(space, 'a'), a, b, gradient);
    // Places of 4 logits, and 16 numbers of a query but at the first; the third place is not reached.
    expect(gradient.subarray(4, 24).some((x) => x !== 0)).toBe(true);
    expect(gradient.subarray(24, 44).every((x) => x === 0)).toBe(true);
  });

  it('is described place by place, each given the most likely characters before it', () => {
    const action = new Float32Array(distribution.actionSize);
    const ending = params.slice();
    ending[4 + 3] = 50; // the end, at the second place
    const logProb = distribution.mode(ending, undefined, action);
    const mode = distribution.toAction(action) as string;
    expect([...mode]).toHaveLength(1);
    expect(Math.exp(logProb)).toBeCloseTo(probability(mode, ending), 10);
    const described = distribution.describe(ending, undefined);
    expect(described).toHaveLength(3 * 4);
    // Marginals of the first character, by enumeration; no text ends before it.
    ['a', 'é', '😀'].forEach((one, i) => {
      const share = texts
        .filter((text) => text.startsWith(one))
        .reduce((sum, text) => sum + probability(text, ending), 0);
      expect(described[i]).toBeCloseTo(share, 6);
    });
    expect(described[3]).toBe(0);
    expect(described[7]).toBeCloseTo(1, 6);
    expect(described.slice(8)).toEqual([0, 0, 0, 1]);
    expect(distribution.describes).toBe('parts');
  });

  it('is at ∞ from another most likely one, also where that only goes on', () => {
    const [shorter, longer] = [params.slice(), params.slice()];
    shorter[7] = 50;
    longer[7] = -50;
    expect(distribution.shift(shorter, shorter, undefined)).toBe(0);
    expect(distribution.shift(shorter, longer, undefined)).toBe(Infinity);
    expect(distribution.shift(longer, shorter, undefined)).toBe(Infinity);
    expect(distribution.divergence(shorter, shorter, undefined)).toBe(0);
  });
});

it('a place sees the characters before it by the state and their order, as the formula says', () => {
  const space = new Text({ minLength: 3, maxLength: 3, charset: 'ab' });
  const distribution = distributionFor(space);
  const { outputs, free } = distribution;
  // Places of 3 logits; queries of 16 at two; embeddings of 2 characters and a map to 3 logits.
  expect([outputs, free.count]).toEqual([3 * 3 + 2 * 16, 2 * 16 + 16 * 3]);
  const params = new Float32Array(outputs + free.count);
  const [query, embedding, map] = [3 + 3 + 16 + 3, outputs, outputs + 2 * 16];
  params[embedding + 16 + 3] = 2; // b, rank 3
  params[query + 3] = 0.5; // of the third place
  params[map + 3 * 3] = 1; // rank 3, the logit of a
  const odds = (before: string) => {
    const [a, b] = ['a', 'b'].map(
      (last) => distribution.score(params, undefined, rowOf(space, before + last)).logProb,
    );
    return a - b;
  };
  expect(odds('aa')).toBeCloseTo(0, 6);
  expect(odds('ab')).toBeCloseTo(1.5 * 2, 6);
  // Rank 3 fades by half at each place.
  expect(odds('ba')).toBeCloseTo(1.5 * 2 * 0.5, 6);
});

it('a text in parts is seen by those after it, and probabilities sum to 1', () => {
  const text = new Text({ minLength: 0, maxLength: 2, charset: 'ab' });
  const space = new Tuple([new Discrete(2), new Dict({ say: text }), new Discrete(2, 5)]);
  const distribution = distributionFor(space);
  const params = parametersOf(distribution, 2, 0.6);
  const odds = new Set<string>();
  let sum = 0;
  for (const first of [0, 1]) {
    for (const say of textsOf('ab', 2)) {
      const [five, six] = [5, 6].map((last) =>
        Math.exp(
          distribution.score(params, undefined, rowOf(space, [first, { say }, last] as never))
            .logProb,
        ),
      );
      sum += five + six;
      odds.add((five / six).toFixed(6));
    }
  }
  expect(sum).toBeCloseTo(1, 6);
  expect(odds.size).toBe(2 * 7);
  const action = new Float32Array(distribution.actionSize);
  distribution.sample(params, undefined, Rng.seed(1), action);
  expect(rowOf(space, distribution.toAction(action) as never)).toEqual(action);
});

it('learns words that independent characters cannot have', () => {
  const space = new Text({ minLength: 1, maxLength: 4, charset: 'nopsty' });
  const distribution = distributionFor(space);
  const words = ['on', 'no', 'stop', 'post', 'y'];
  const rng = Rng.seed(7);
  const { outputs, free } = distribution;
  const initial = free.initial as (index: number, rng: Rng) => number;
  const params = Float32Array.from({ length: outputs + free.count }, (_, i) =>
    i < outputs ? 0 : initial(i - outputs, rng),
  );
  const gradient = new Float32Array(params.length);
  const rows = words.map((word) => rowOf(space, word));
  for (let i = 0; i < 3000; i++) {
    distribution.scoreGradient(params, undefined, rows[i % rows.length], 1, 0, gradient);
    for (let j = 0; j < params.length; j++) params[j] += 0.05 * gradient[j];
  }
  const nats = rows.map((row) => -distribution.score(params, undefined, row).logProb);
  // ln 5 = 1.61; of independent characters the first two places alone have ln 5 + 1.33.
  expect(nats.reduce((a, b) => a + b) / words.length).toBeLessThan(Math.log(5) + 0.05);
});

it('refuses texts that are too long, with the limit', () => {
  expect(() => distributionFor(new Text({ maxLength: 65 }))).toThrow(
    'distributionFor: expected a Text of at most 64 characters, got one of 65',
  );
});

it.each<[Space, string]>([
  [new Text({ maxLength: 8 }), 'text of 1..8 of 62 characters, one after another'],
  [
    new Text({ minLength: 2, maxLength: 2, charset: 'ab' }),
    'text of 2 of 2 characters, one after another',
  ],
])('says of %o in words: %s', (space, summary) => {
  expect(distributionFor(space).summary).toBe(summary);
});
