import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { defineEnv } from '../entry.ts';
import { carryOver, DIGITS } from './digits.ts';
import { type Question, rewardOption, TokenEnv, thoughtOptions } from './token-env.ts';

const ALPHABET = [...DIGITS, '+', '='];
const PLUS = ALPHABET.indexOf('+');
const EQUALS = ALPHABET.indexOf('=');

const options = z.strictObject({
  digits: z.int().min(1).max(256).default(6).describe('Digits of each number (n).'),
  nines: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of columns whose digits are made to sum to 9, through which a carry comes.'),
  reward: rewardOption,
  ...thoughtOptions,
});

export type AdditionOptions = z.infer<typeof options>;

/**
 * ## Description
 * The sum of two numbers of n digits, written from the most significant digit on. So the first digit may hang on a carry from the
 * last column, and thinking cannot be spread over the digits, as it can from the least significant one on. A carry comes through a
 * column whose digits sum to 9, so `nines` of the columns are made to: where both numbers are uniform, a chain is rarely longer than one.
 *
 * ## Action Space
 * `Discrete(12)`: a token, 0..9 the digits, 10 `+`, 11 `=`. Signs are allowed, and wrong.
 *
 * ## Observation Space
 * `Discrete(12)`: a token. An episode begins with n digits, `+`, n digits and `=`, all but the last as `info.earlier`; then each token
 * is the one that was written.
 *
 * ## Rewards
 * 1 / (n + 1) for each right digit, also after a wrong one; with `reward: answer` 1 at the end if all are right.
 *
 * ## Starting State
 * The digits of a column are uniform, those of `nines` of the columns uniform among the pairs that sum to 9. `info.difficulty` of a digit is
 * the number of columns to its right that the carry into it comes through: those next to it that sum to 9. `info.demonstration` is the
 * right digit.
 *
 * ## Episode End
 * Terminates after n + 1 digits; `info.success` says whether all were right.
 *
 * ## Arguments
 * `digits` n = 6, `nines` = 0.5, `reward` = token, `thoughts` = 0, `thoughtPrice` = 0. The scratchpad that is demonstrated has the sum of each column with
 * the carry into it, in two digits, the least significant column first: 2n tokens.
 *
 * ## Version History
 * - v0: first version.
 */
export class Addition extends TokenEnv {
  readonly #options: AdditionOptions;

  constructor(options: AdditionOptions) {
    super('Addition-v0', ALPHABET, options.reward, options);
    this.#options = options;
  }

  protected ask(rng: Rng): Question {
    const { digits, nines } = this.#options;
    const columns = Array.from({ length: digits }, () => {
      const first = rng.int(10);
      return [first, rng.float() < nines ? 9 - first : rng.int(10)];
    });
    const [first, second] = [0, 1].map((row) => columns.map((column) => column[row]));
    return addition(first, second);
  }
}

/**
 * The question for the sum of two numbers of as many digits.
 * @internal
 */
export function addition(first: readonly number[], second: readonly number[]): Question {
  const sums = first.map((digit, i) => digit + second[i]);
  // The leading digit of the answer has no column, so the column right of answer[i] is sums[i].
  const chain = (at: number) => {
    let end = at;
    while (sums[end] === 9) end++;
    return end - at;
  };
  const answer = carryOver(sums, sums.length + 1);
  return {
    prompt: [...first, PLUS, ...second, EQUALS],
    answer,
    difficulty: answer.map((_, i) => chain(i)),
    worked: columnSums(sums),
  };
}

/** The sum of each column with the carry into it, in two digits, the least significant column first [2n]. */
function columnSums(sums: readonly number[]): number[] {
  let carry = 0;
  return sums.toReversed().flatMap((sum) => {
    const [tens, ones] = [Math.floor((sum + carry) / 10), (sum + carry) % 10];
    carry = tens;
    return [tens, ones];
  });
}

export const additionEnv = defineEnv<AdditionOptions>({
  id: 'Addition-v0',
  summary:
    'Add two numbers, writing the most significant digit first; a digit may hang on a carry from far.',
  options,
  make: (options) => new Addition(options),
});
