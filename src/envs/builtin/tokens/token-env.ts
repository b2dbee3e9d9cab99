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

/** A question and an answer to it, in tokens. */
export interface Question {
  /** The tokens before the first decision, at least one. */
  prompt: number[];
  /** The tokens that are asked for. */
  answer: number[];
  /** What each of them hangs on, in the environment's own unit. */
  difficulty: number[];
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
  /** The tokens that were written. */
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

  constructor(id: string, alphabet: readonly string[], reward: 'token' | 'answer') {
    super(id);
    this.alphabet = alphabet;
    this.observationSpace = new Discrete(alphabet.length, 0, { names: alphabet });
    this.actionSpace = new Discrete(alphabet.length, 0, { names: alphabet });
    this.#reward = reward;
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
    return { question: this.ask(rng), written: [], right: [], over: false };
  }

  protected advance({ question, ...before }: State<Q>, action: number): Outcome<State<Q>> {
    const written = [...before.written, action];
    const { over, right: isRight } = this.judge(question, written);
    const right = [...before.right, isRight];
    const success = over && !right.includes(false);
    const ofToken = isRight ? 1 / question.answer.length : 0;
    const reward = this.#reward === 'token' ? ofToken : Number(success);
    return { state: { question, written, right, over }, reward, terminated: over, success };
  }

  protected observe({ question, written }: State<Q>): number {
    const { prompt, follows = written } = question;
    return follows.slice(0, written.length).at(-1) ?? prompt.at(-1)!;
  }

  protected override describe({ question, written, over }: State<Q>): Info {
    if (over) return {};
    const info: Info = { difficulty: question.difficulty[written.length] };
    const demonstration = this.demonstrate(question, written);
    if (demonstration !== undefined) info.demonstration = demonstration;
    if (written.length === 0) info.earlier = question.prompt.slice(0, -1);
    return info;
  }

  /** What was shown, and what was written: right and wrong tokens have colors of their own. */
  protected draw({ question, written, right }: State<Q>): Drawing {
    const { prompt, follows = [] } = question;
    const shown = [...prompt, ...follows.slice(0, written.length)];
    const named = (token: number, as: DrawnToken['as']) => ({ name: this.alphabet[token], as });
    return drawTokens([
      ...shown.map((token) => named(token, 'shown')),
      ...written.map((token, i) => named(token, right[i] ? 'right' : 'wrong')),
    ]);
  }
}
