import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { defineEnv } from '../entry.ts';
import { type Question, TokenEnv } from './token-env.ts';

const options = z
  .strictObject({
    length: z.int().min(2).max(8192).default(64).describe('Letters of a text (N).'),
    letters: z.int().min(3).max(1024).default(4).describe('Letters of the alphabet (A).'),
    hops: z.int().min(1).max(64).default(4).describe('Most hops (P).'),
    minHops: z.int().min(1).default(1).describe('Fewest hops; at most hops.'),
    asked: z
      .int()
      .min(1)
      .default(16)
      .describe('Letters at the end of the text for which is asked (Q); at most length.'),
  })
  .refine((o) => o.minHops <= o.hops, { path: ['minHops'], error: 'expected at most hops' })
  .refine((o) => o.asked <= o.length, { path: ['asked'], error: 'expected at most length' });

export type LookupOptions = z.infer<typeof options>;

/**
 * ## Description
 * p-hop induction (Sanford, Hsu & Telgarsky 2024, "Transformers, Parallel Computation, and Logarithmic Depth", https://arxiv.org/abs/2402.09268).
 * One hop goes from a letter of a text to its latest occurrence before and one letter on: in `… a b … a` from the second `a` to `b`, what an
 * induction head looks up. Which letter do p hops lead to? A transformer needs depth of the order of log p, one that looks up once a step p steps.
 *
 * ## Action Space
 * `Discrete(A + 1 + P)`: a token, 0..A − 1 the letters, A `none`, then the numbers of hops 1..P, which are allowed, and wrong.
 *
 * ## Observation Space
 * `Discrete(A + 1 + P)`: a token. An episode begins with p and the first N − Q + 1 letters, all but the last as `info.earlier`; each decision
 * is about the letter on show, and the next letter follows, whatever was answered.
 *
 * ## Rewards
 * 1 / Q for each right letter; `none` is right where the hops lead to a letter that has not occurred before.
 *
 * ## Starting State
 * p is uniform in minHops..P, each letter uniform among those that differ from the one before it (after two equal ones, a hop would lead
 * back to its start). `info.difficulty` is the number of hops: p, or those after which there is none. `info.demonstration` is the right token.
 *
 * ## Episode End
 * Terminates after Q decisions; `info.success` says whether all were right.
 *
 * ## Arguments
 * `length` N = 64, `letters` A = 4, `hops` P = 4, `minHops` = 1, `asked` Q = 16.
 *
 * ## Version History
 * - v0: first version.
 */
export class Lookup extends TokenEnv {
  readonly #options: LookupOptions;

  constructor(options: LookupOptions) {
    const { letters, hops } = options;
    const names = Array.from({ length: letters }, (_, i) => letterName(i));
    const numbers = Array.from({ length: hops }, (_, i) => String(i + 1));
    super('Lookup-v0', [...names, 'none', ...numbers], 'token');
    this.#options = options;
  }

  protected ask(rng: Rng): Question {
    const { length, letters, hops, minHops, asked } = this.#options;
    const p = minHops + rng.int(hops - minHops + 1);
    const text = [rng.int(letters)];
    while (text.length < length) {
      text.push((text.at(-1)! + 1 + rng.int(letters - 1)) % letters);
    }
    const { prompt, ...question } = induction(text, p, asked, letters);
    return { prompt: [letters + p, ...prompt], ...question };
  }
}

/** a, b, …, z, a1, b1, … */
function letterName(i: number): string {
  const round = Math.floor(i / 26);
  return String.fromCharCode(97 + (i % 26)) + (round === 0 ? '' : round);
}

/**
 * The question where p hops lead from each of the last `asked` letters of a text.
 * @param none the token for nowhere
 * @internal
 */
export function induction(
  text: readonly number[],
  p: number,
  asked: number,
  none: number,
): Question {
  const latest = new Map<number, number>();
  // Where one hop leads from each position, after the latest occurrence of its letter.
  const next = text.map((letter, i) => {
    const before = latest.get(letter);
    latest.set(letter, i);
    return before === undefined ? undefined : before + 1;
  });
  const first = text.length - asked;
  const walks = Array.from({ length: asked }, (_, i) => {
    let at: number | undefined = first + i;
    let hops = 0;
    while (hops < p && at !== undefined) {
      at = next[at];
      hops++;
    }
    return { token: at === undefined ? none : text[at], hops };
  });
  return {
    prompt: text.slice(0, first + 1),
    answer: walks.map(({ token }) => token),
    difficulty: walks.map(({ hops }) => hops),
    follows: text.slice(first + 1),
  };
}

export const lookup = defineEnv<LookupOptions>({
  id: 'Lookup-v0',
  summary:
    'Find the letter that p hops through a text lead to, each to the latest occurrence of a letter and one on.',
  options,
  make: (options) => new Lookup(options),
});
