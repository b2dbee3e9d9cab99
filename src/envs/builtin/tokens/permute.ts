import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { defineEnv } from '../entry.ts';
import { type Question, TokenEnv, thoughtOptions } from './token-env.ts';

/** The permutations of 0..n-1 in lexicographic order, each as the list of its images. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return Array.from({ length: n }, (_, first) =>
    permutations(n - 1).map((rest) => [
      first,
      ...rest.map((image) => (image < first ? image : image + 1)),
    ]),
  ).flat();
}

const ELEMENTS = permutations(5);
const NAMES = ELEMENTS.map((images) => images.map((image) => image + 1).join(''));
const NUMBER = new Map(NAMES.map((name, element) => [name, element]));
const EQUALS = ELEMENTS.length;

/** The permutation that applies `first`, then `second`. */
function product(first: number, second: number): number {
  return NUMBER.get(ELEMENTS[first].map((image) => ELEMENTS[second][image] + 1).join(''))!;
}

/** The exchanges of two neighbors, which generate all others. */
const SWAPS = ['21345', '13245', '12435', '12354'].map((name) => NUMBER.get(name)!);

const options = z
  .strictObject({
    factors: z.int().min(1).max(1024).default(8).describe('Most factors of a word (k).'),
    minFactors: z.int().min(1).default(1).describe('Fewest factors of a word; at most factors.'),
    from: z
      .enum(['all', 'swaps'])
      .default('all')
      .describe('The factors: all 120 permutations, or the 4 exchanges of neighbors.'),
    asked: z
      .enum(['end', 'each'])
      .default('end')
      .describe('What is asked for: the product of the word, or that of each of its beginnings.'),
    ...thoughtOptions,
  })
  .refine((o) => o.minFactors <= o.factors, {
    path: ['minFactors'],
    error: 'expected at most factors',
  })
  .refine((o) => o.thoughts === 0 || o.asked === 'end', {
    path: ['thoughts'],
    error: 'expected 0 where asked is each, since answers are then thoughts written out',
  });

export type PermuteOptions = z.infer<typeof options>;

/**
 * ## Description
 * The word problem of S5: multiply a word of permutations of five things, from left to right (12345 leaves all in place). The group is
 * not solvable, so this is complete for NC¹ (Barrington 1989): no model of constant depth does it for words of any length, unless
 * TC⁰ = NC¹. It is the task of state tracking of Merrill, Petty & Sabharwal 2024, "The Illusion of State in State-Space Models"
 * (https://arxiv.org/abs/2404.08819), where each beginning of a word has its product as a label, as with `asked: each`. But a policy with
 * a memory sees what it answered before, so that each decision is left with one product: its answers are its thoughts, written out.
 * With `asked: end`, the default, it has to think.
 *
 * ## Action Space
 * `Discrete(121)`: a token, 0..119 the permutations in lexicographic order, 120 `=`, which is allowed, and wrong.
 *
 * ## Observation Space
 * `Discrete(121)`: a token. With `asked: end` an episode begins with the word and `=`, all but the last as `info.earlier`, and has one
 * decision. With `asked: each` an observation is a factor, and the decision the product up to it.
 *
 * ## Rewards
 * 1 / decisions for each right product.
 *
 * ## Starting State
 * The number of factors is uniform in minFactors..k, each factor uniform among all permutations, or among the exchanges of neighbors.
 * `info.difficulty` is the number of factors of the product. `info.demonstration` is the product.
 *
 * ## Episode End
 * Terminates after the last decision; `info.success` says whether all products were right.
 *
 * ## Arguments
 * `factors` k = 8, `minFactors` = 1, `from` = all, `asked` = end, `thoughts` = 0, `thoughtPrice` = 0. The scratchpad that is demonstrated has the products of the
 * beginnings of two factors and more, without the whole word: k − 2 tokens for k factors.
 *
 * ## Version History
 * - v0: first version.
 */
export class Permute extends TokenEnv {
  readonly #options: PermuteOptions;

  constructor(options: PermuteOptions) {
    super('Permute-v0', [...NAMES, '='], 'token', options);
    this.#options = options;
  }

  protected ask(rng: Rng): Question {
    const { factors, minFactors, from, asked } = this.#options;
    const length = minFactors + rng.int(factors - minFactors + 1);
    const draw = () => (from === 'all' ? rng.int(ELEMENTS.length) : SWAPS[rng.int(SWAPS.length)]);
    return wordProblem(Array.from({ length }, draw), asked);
  }
}

/**
 * The question for the product of a word.
 * @internal
 */
export function wordProblem(word: readonly number[], asked: 'end' | 'each'): Question {
  const products: number[] = [];
  for (const factor of word) products.push(product(products.at(-1) ?? 0, factor));
  if (asked === 'end') {
    return {
      prompt: [...word, EQUALS],
      answer: products.slice(-1),
      difficulty: [word.length],
      // The first beginning is in the word, and the last product is the answer.
      worked: products.slice(1, -1),
    };
  }
  const [first, ...follows] = word;
  return { prompt: [first], answer: products, difficulty: word.map((_, i) => i + 1), follows };
}

export const permute = defineEnv<PermuteOptions>({
  id: 'Permute-v0',
  summary: 'Multiply a word of permutations of five things; the benchmark of state tracking.',
  options,
  make: (options) => new Permute(options),
});
