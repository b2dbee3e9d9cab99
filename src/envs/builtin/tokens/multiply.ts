import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { defineEnv } from '../entry.ts';
import { carryOver, DIGITS, drawDigits } from './digits.ts';
import { type Question, rewardOption, TokenEnv, thoughtOptions } from './token-env.ts';

const ALPHABET = [...DIGITS, '×', '='];
const TIMES = ALPHABET.indexOf('×');
const EQUALS = ALPHABET.indexOf('=');

const options = z.strictObject({
  first: z.int().min(1).max(64).default(3).describe('Digits of the first number (n).'),
  second: z.int().min(1).max(64).default(2).describe('Digits of the second number (m).'),
  reward: rewardOption,
  ...thoughtOptions,
});

export type MultiplyOptions = z.infer<typeof options>;

/**
 * ## Description
 * The product of a number of n digits and one of m, written from the most significant digit on. Column k, from the right, sums the
 * products of those digits whose places sum to k; unlike a sum of two numbers, it carries more than 1.
 *
 * ## Action Space
 * `Discrete(12)`: a token, 0..9 the digits, 10 `×`, 11 `=`. Signs are allowed, and wrong.
 *
 * ## Observation Space
 * `Discrete(12)`: a token. An episode begins with n digits, `×`, m digits and `=`, all but the last as `info.earlier`; then each token
 * is the one that was written.
 *
 * ## Rewards
 * 1 / (n + m) for each right digit, also after a wrong one; with `reward: answer` 1 at the end if all are right.
 *
 * ## Starting State
 * All digits are uniform, a first 0 is allowed. `info.difficulty` of a digit of the answer is the number of products of two digits that
 * it hangs on: those of its own column, and those of as many columns to its right as settle the carry into it, whatever comes
 * from the others. `info.demonstration` is the right digit.
 *
 * ## Episode End
 * Terminates after n + m digits; `info.success` says whether all were right.
 *
 * ## Arguments
 * `first` n = 3, `second` m = 2, `reward` = token, `thoughts` = 0, `thoughtPrice` = 0. The scratchpad that is demonstrated has the first number times each digit of
 * the second, in n + 1 digits, and after the j-th, j > 1, the sum so far, in n + j; each of them from the least significant digit on.
 *
 * ## Version History
 * - v0: first version.
 */
export class Multiply extends TokenEnv {
  readonly #options: MultiplyOptions;

  constructor(options: MultiplyOptions) {
    super('Multiply-v0', ALPHABET, options.reward, options);
    this.#options = options;
  }

  protected ask(rng: Rng): Question {
    const { first, second } = this.#options;
    return multiplication(drawDigits(rng, first), drawDigits(rng, second));
  }
}

/**
 * The question for the product of two numbers.
 * @internal
 */
export function multiplication(first: readonly number[], second: readonly number[]): Question {
  const length = first.length + second.length;
  // Of each column, the least significant first: its sum, its products, and the highest carry into it.
  const sums = Array<number>(length).fill(0);
  const products = Array<number>(length).fill(0);
  for (const [i, a] of first.toReversed().entries()) {
    for (const [j, b] of second.toReversed().entries()) {
      sums[i + j] += a * b;
      products[i + j]++;
    }
  }
  const carries = [0];
  for (const n of products) carries.push(Math.floor((81 * n + carries.at(-1)!) / 10));

  /** The products that the digit of a column hangs on. */
  const hangsOn = (column: number) => {
    for (let from = column; ; from--) {
      let [low, high] = [0, carries[from]];
      for (let k = from; k < column; k++) {
        [low, high] = [low, high].map((carry) => Math.floor((sums[k] + carry) / 10));
      }
      // No carry comes into column 0, so that the last round ends it.
      if (low === high) return products.slice(from, column + 1).reduce((sum, n) => sum + n, 0);
    }
  };
  return {
    prompt: [...first, TIMES, ...second, EQUALS],
    answer: carryOver(sums.toReversed(), length),
    difficulty: sums.map((_, column) => hangsOn(column)).reverse(),
    worked: partialSums(first, second),
  };
}

/**
 * The first number times each digit of the second, from the least significant on, and after each but the first the sum so far: n + 1 digits
 * of a product, n + j of the sum after digit j, each number from its least significant digit on.
 */
function partialSums(first: readonly number[], second: readonly number[]): number[] {
  const n = first.length;
  const worked: number[] = [];
  /** Sums of columns, the least significant first. */
  const total = Array<number>(n + second.length).fill(0);
  for (const [j, digit] of second.toReversed().entries()) {
    const products = first.map((one) => one * digit);
    worked.push(...carryOver(products, n + 1).reverse());
    for (const [i, product] of products.toReversed().entries()) total[i + j] += product;
    if (j > 0)
      worked.push(
        ...carryOver(total.toReversed(), n + second.length)
          .reverse()
          .slice(0, n + j + 1),
      );
  }
  return worked;
}

export const multiplyEnv = defineEnv<MultiplyOptions>({
  id: 'Multiply-v0',
  summary: 'Multiply two numbers, writing the most significant digit first.',
  options,
  make: (options) => new Multiply(options),
});
