import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { defineEnv } from '../entry.ts';
import { type Judgement, type Question, TokenEnv } from './token-env.ts';

const OPERATORS = ['+', '−', '×', '÷'];

const options = z.strictObject({
  numbers: z.int().min(2).max(16).default(4).describe('Numbers that an expression uses (n).'),
  largest: z
    .int()
    .min(1)
    .max(10_000)
    .default(30)
    .describe('The largest number, and the largest target (L).'),
});

export type CountdownOptions = z.infer<typeof options>;

interface CountdownQuestion extends Question {
  numbers: number[];
  target: number;
}

/**
 * ## Description
 * The numbers round of Countdown: combine n numbers, each used once, by + − × ÷ to a target. An expression is written in reverse Polish
 * notation, which needs no parentheses: `8 3 − 4 ×` is (8 − 3) · 4. As in the game, each intermediate result is a positive whole number.
 *
 * ## Action Space
 * `Discrete(L + 5)`: a token, 0..L − 1 the numbers 1..L, then `+`, `−`, `×`, `÷`, `=`.
 *
 * ## Observation Space
 * `Discrete(L + 5)`: a token. An episode begins with the n numbers, the target and `=`, all but the last as `info.earlier`; then each token
 * is the one that was written.
 *
 * ## Rewards
 * 1 at the end if the expression has the target's value, whichever expression it is; else 0.
 *
 * ## Starting State
 * Numbers are uniform in 1..L; two of them at a time, chosen uniformly, are combined, the larger one first, by an operator chosen uniformly
 * among those that the rules allow, until one is left. Where it exceeds L, all is drawn again; so each target can be reached.
 * `info.difficulty` is the number of numbers that are not used yet. `info.demonstration` is the next token of the expression that was drawn,
 * as long as what was written is its beginning; afterwards there is none.
 *
 * ## Episode End
 * Terminates after 2n − 1 tokens, and at the first one with which no expression goes on: a number that is not left, an operator
 * without two values or with a result that is none, `=`. `info.success` says whether the target was reached.
 *
 * ## Arguments
 * `numbers` n = 4, `largest` L = 30.
 *
 * ## Version History
 * - v0: first version.
 */
export class Countdown extends TokenEnv<CountdownQuestion> {
  readonly #options: CountdownOptions;

  constructor(options: CountdownOptions) {
    const numbers = Array.from({ length: options.largest }, (_, i) => String(i + 1));
    super('Countdown-v0', [...numbers, ...OPERATORS, '='], 'answer');
    this.#options = options;
  }

  protected ask(rng: Rng): CountdownQuestion {
    const { numbers: n, largest } = this.#options;
    for (;;) {
      const numbers = Array.from({ length: n }, () => 1 + rng.int(largest));
      const { value: target, tokens: answer } = this.#combine(numbers, rng);
      if (target > largest) continue;
      const prompt = [...numbers.map((number) => number - 1), target - 1, this.alphabet.length - 1];
      let left = n;
      const difficulty = answer.map((token) => (token < largest ? left-- : left));
      return { prompt, answer, difficulty, numbers, target };
    }
  }

  /** Combines all numbers at random, with the tokens of the expression. */
  #combine(numbers: readonly number[], rng: Rng): { value: number; tokens: number[] } {
    const { largest } = this.#options;
    const pool = numbers.map((value) => ({ value, tokens: [value - 1] }));
    const take = () => pool.splice(rng.int(pool.length), 1)[0];
    while (pool.length > 1) {
      const [x, y] = [take(), take()].sort((a, b) => b.value - a.value);
      const results = OPERATORS.flatMap((_, operator) => {
        const value = applied(operator, x.value, y.value);
        return value === undefined
          ? []
          : [{ value, tokens: [...x.tokens, ...y.tokens, largest + operator] }];
      });
      pool.push(results[rng.int(results.length)]);
    }
    return pool[0];
  }

  protected override demonstrate({ answer }: CountdownQuestion, written: readonly number[]) {
    return written.every((token, i) => token === answer[i]) ? answer[written.length] : undefined;
  }

  protected override judge(question: CountdownQuestion, written: readonly number[]): Judgement {
    const stack = evaluated(question.numbers, written, this.#options.largest);
    if (stack === undefined) return { over: true, right: false };
    const over = written.length === question.answer.length;
    return { over, right: !over || stack[0] === question.target };
  }
}

/** The result of an operator; undefined where it is no positive whole number that a float64 holds exactly. */
function applied(operator: number, x: number, y: number): number | undefined {
  const value = [x + y, x - y, x * y, x / y][operator];
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** The values that the beginning of an expression leaves; undefined where none begins so. */
function evaluated(
  numbers: readonly number[],
  tokens: readonly number[],
  largest: number,
): number[] | undefined {
  const left = [...numbers];
  const stack: number[] = [];
  for (const token of tokens) {
    if (token < largest) {
      const at = left.indexOf(token + 1);
      if (at < 0) return undefined;
      stack.push(...left.splice(at, 1));
      continue;
    }
    const [x, y] = stack.splice(-2);
    const value = y === undefined ? undefined : applied(token - largest, x, y);
    if (value === undefined) return undefined;
    stack.push(value);
  }
  return stack;
}

export const countdown = defineEnv<CountdownOptions>({
  id: 'Countdown-v0',
  summary: 'Write an expression of given numbers that has a given value; any right one counts.',
  options,
  make: (options) => new Countdown(options),
});
