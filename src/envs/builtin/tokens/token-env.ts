import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import type { Drawing, Info } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';
import { type DrawnToken, drawTokens } from './draw-tokens.ts';

/** The option of what is rewarded, where an answer has several tokens. */
export const rewardOption = z
  .enum(['token', 'answer'])
  .default('token')
  .describe(
    'What is rewarded: each right token with 1 / tokens of the answer, or the whole answer, right to its end, with 1.',
  );

/** The options of thinking in tokens: a scratchpad before the answer. */
export const thoughtOptions = {
  thoughts: z
    .int()
    .min(0)
    .max(4096)
    .default(0)
    .describe(
      'Most tokens of a scratchpad, which `:` ends, before the answer (chain of thought); 0: the answer comes at once.',
    ),
  thoughtPrice: z
    .number()
    .min(0)
    .default(0)
    .describe('Reward subtracted for each token of the scratchpad, without the `:` that ends it.'),
};

/** How an environment lets a policy think in tokens. */
export interface Thoughts {
  thoughts: number;
  thoughtPrice: number;
}

/** The name of the token that ends the scratchpad. */
const END = ':';

/** A question and an answer to it, in tokens. */
export interface Question {
  /** The tokens before the first decision, at least one. */
  prompt: number[];
  /** The tokens that are asked for. */
  answer: number[];
  /** What each of them hangs on, in the environment's own unit. */
  difficulty: number[];
  /** A worked scratchpad, from which the answer is read off; the environment says in which order. */
  worked?: number[];
  /**
   * The tokens that follow on the first decisions, whatever was written, as in a text that goes on by itself; the last
   * of them stays. Without it: those that were written.
   */
  follows?: number[];
}

/** What the token written last is worth. */
export interface Judgement {
  /** Whether the episode ends with it. */
  over: boolean;
  /** Whether it is right. */
  right: boolean;
}

interface State<Q> {
  question: Q;
  /** The tokens of the scratchpad, with the one that ends it; absent where there is none. */
  thought?: number[];
  /** The tokens of the answer that were written. */
  written: number[];
  /** Whether each of them is right. */
  right: boolean[];
  over: boolean;
}

/**
 * The common part of the environments that ask for an answer to a prompt, a token a decision. Observations and actions are
 * tokens of one alphabet, by their index in it. `reset` returns the prompt: its last token as the observation, those before
 * it as `info.earlier`. `info.demonstration` is the token that a right answer goes on with, `info.difficulty` what it hangs
 * on. No token is masked.
 *
 * With `thoughts`, the alphabet has one more token, `:`, and a decision writes a token of a scratchpad until `:` ends it, or, once so many are
 * written, the environment does: it shows `:` after the last of them, which it gives as `info.earlier`. `info.demonstration` works the answer
 * out there (Nye et al. 2021, "Show Your Work", https://arxiv.org/abs/2112.00114), as far as the tokens reach. What is written there is
 * not judged, and costs its price. `info.answer` is the answer alone.
 *
 * A subclass draws the question. It overrides `judge` and `demonstrate` where other answers than the one of the question
 * are right too.
 */
export abstract class TokenEnv<Q extends Question = Question> extends EpisodicEnv<
  number,
  number,
  State<Q>
> {
  readonly observationSpace: Discrete;
  readonly actionSpace: Discrete;
  /** The names of the tokens. */
  readonly alphabet: readonly string[];
  readonly #reward: 'token' | 'answer';
  readonly #thoughts: Thoughts;
  /** The token that ends the scratchpad. */
  readonly #end: number;

  constructor(
    id: string,
    alphabet: readonly string[],
    reward: 'token' | 'answer',
    thoughts: Thoughts = { thoughts: 0, thoughtPrice: 0 },
  ) {
    super(id);
    this.alphabet = thoughts.thoughts > 0 ? [...alphabet, END] : alphabet;
    const space = () => new Discrete(this.alphabet.length, 0, { names: this.alphabet });
    this.observationSpace = space();
    this.actionSpace = space();
    this.#reward = reward;
    this.#thoughts = thoughts;
    this.#end = alphabet.length;
  }

  protected abstract ask(rng: Rng): Q;

  /** The token that a right answer goes on with; undefined where none is known. */
  protected demonstrate({ answer }: Q, written: readonly number[]): number | undefined {
    return answer[written.length];
  }

  protected judge({ answer }: Q, written: readonly number[]): Judgement {
    const { length } = written;
    return { over: length === answer.length, right: written[length - 1] === answer[length - 1] };
  }

  protected begin(rng: Rng): State<Q> {
    const question = this.ask(rng);
    const thinks = this.#thoughts.thoughts > 0;
    return { question, ...(thinks && { thought: [] }), written: [], right: [], over: false };
  }

  protected advance(before: State<Q>, action: number): Outcome<State<Q>> {
    if (this.#thinks(before)) return this.#think(before, action);
    const { question } = before;
    const written = [...before.written, action];
    const { over, right: isRight } = this.judge(question, written);
    const right = [...before.right, isRight];
    const success = over && !right.includes(false);
    const ofToken = isRight ? 1 / question.answer.length : 0;
    const reward = this.#reward === 'token' ? ofToken : Number(success);
    return { state: { ...before, written, right, over }, reward, terminated: over, success };
  }

  /** Whether the next token belongs to the scratchpad. */
  #thinks({ thought }: State<Q>): boolean {
    return thought !== undefined && thought.at(-1) !== this.#end;
  }

  #think(before: State<Q>, token: number): Outcome<State<Q>> {
    const { thoughts, thoughtPrice } = this.#thoughts;
    const thought = [...before.thought!, token];
    if (token === this.#end) return { state: { ...before, thought }, reward: 0, terminated: false };
    // Whoever has no room left is shown the end.
    if (thought.length === thoughts) thought.push(this.#end);
    return { state: { ...before, thought }, reward: -thoughtPrice, terminated: false };
  }

  protected observe({ question, thought, written }: State<Q>): number {
    const { prompt, follows = written } = question;
    return follows.slice(0, written.length).at(-1) ?? thought?.at(-1) ?? prompt.at(-1)!;
  }

  protected override describe(state: State<Q>): Info {
    const { question, thought, written, over } = state;
    if (over) return thought === undefined ? {} : { answer: written };
    const info: Info = { difficulty: question.difficulty[written.length] };
    const demonstration = this.#thinks(state)
      ? this.#work(question, thought!)
      : this.demonstrate(question, written);
    if (demonstration !== undefined) info.demonstration = demonstration;
    if (written.length > 0) return info;
    if (!thought?.length) info.earlier = question.prompt.slice(0, -1);
    else if (thought.length > this.#thoughts.thoughts) info.earlier = thought.slice(-2, -1);
    return info;
  }

  /** The token with which the worked scratchpad goes on. */
  #work({ worked = [] }: Q, thought: readonly number[]): number {
    return worked[thought.length] ?? this.#end;
  }

  /** What was shown, and what was written: right and wrong tokens have colors of their own, those of a scratchpad none. */
  protected draw({ question, thought, written, right }: State<Q>): Drawing {
    const { prompt, follows = [] } = question;
    const shown = [...prompt, ...(thought ?? []), ...follows.slice(0, written.length)];
    const named = (token: number, as: DrawnToken['as']) => ({ name: this.alphabet[token], as });
    return drawTokens([
      ...shown.map((token) => named(token, 'shown')),
      ...written.map((token, i) => named(token, right[i] ? 'right' : 'wrong')),
    ]);
  }
}
