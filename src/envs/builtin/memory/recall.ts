import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { palette } from '../../common/palette.ts';
import type { Drawing, Info, Shape } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { MultiDiscrete } from '../../spaces/multi-discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';

const options = z.strictObject({
  pairs: z.int().min(2).max(256).default(12).describe('Names, each shown once with another (P).'),
  hops: z.int().min(1).max(64).default(4).describe('Most links that a question follows (K).'),
  questions: z.int().min(1).max(256).default(4).describe('Questions after the last pair (Q).'),
});

export type RecallOptions = z.infer<typeof options>;

interface State {
  /** The name to which each name leads [P]. */
  targets: number[];
  /** The order in which they are shown [P]. */
  order: number[];
  /** Start and hops of each question [Q]. */
  questions: [start: number, hops: number][];
  /** Observations before the present one. */
  at: number;
  right: number;
}

/**
 * ## Description
 * Memory and thought at once. P names are shown one at each step, in random order, each with the name to which it leads (drawn
 * independently and uniformly, so several may lead to the same). Then come Q questions: which name is reached from a given one by k
 * links? Each link lies in another of the observations before, so following one more takes one more look into memory.
 *
 * ## Action Space
 * `Discrete(P)`: a name. While pairs are shown, it has no effect.
 *
 * ## Observation Space
 * `MultiDiscrete([2, P, P, K + 1])`: whether this is a question; a name; the name to which it leads, 0 in a question; the links to
 * follow, 0 in a pair.
 *
 * ## Rewards
 * 1 / Q for each right answer.
 *
 * ## Starting State
 * Names, order and questions as drawn above, k uniform in 1..K. `info.difficulty` of a question is k, and 0 of a pair.
 *
 * ## Episode End
 * Terminates after the last question; `info.success` says whether all answers were right.
 *
 * ## Demonstrations
 * `info.demonstration` is the right answer; of a pair, the name to which it leads.
 *
 * ## Arguments
 * `pairs` P = 12, `hops` K = 4, `questions` Q = 4.
 *
 * ## Version History
 * - v0: first version.
 */
export class Recall extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace: MultiDiscrete;
  readonly actionSpace: Discrete;
  readonly #options: RecallOptions;

  constructor(options: RecallOptions) {
    super('Recall-v0');
    const { pairs, hops } = options;
    this.#options = options;
    this.observationSpace = new MultiDiscrete([2, pairs, pairs, hops + 1]);
    this.actionSpace = new Discrete(pairs);
  }

  protected begin(rng: Rng): State {
    const { pairs, hops, questions } = this.#options;
    const targets = Array.from({ length: pairs }, () => rng.int(pairs));
    const order = rng.shuffle(Array.from({ length: pairs }, (_, i) => i));
    const ask = (): [number, number] => [rng.int(pairs), 1 + rng.int(hops)];
    return { targets, order, questions: Array.from({ length: questions }, ask), at: 0, right: 0 };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const { pairs, questions } = this.#options;
    const at = state.at + 1;
    const asked = state.questions[state.at - pairs];
    if (asked === undefined) return { state: { ...state, at }, reward: 0, terminated: false };
    const [start, hops] = asked;
    const isRight = action === reached(state.targets, start, hops);
    const right = state.right + Number(isRight);
    const terminated = at === pairs + questions;
    const reward = isRight ? 1 / questions : 0;
    return { state: { ...state, at, right }, reward, terminated, success: right === questions };
  }

  protected observe(state: State): Int32Array {
    const { targets, order, at } = state;
    const question = this.#question(state);
    if (question === undefined) return Int32Array.of(0, order[at], targets[order[at]], 0);
    const [start, hops] = question;
    return Int32Array.of(1, start, 0, hops);
  }

  protected override describe(state: State): Info {
    const { targets, order, at } = state;
    const [start, hops] = this.#question(state) ?? [order[at], 0];
    return { difficulty: hops, demonstration: reached(targets, start, hops || 1) };
  }

  /** The question on show, the last one also after its answer; undefined while pairs are shown. */
  #question({ questions, at }: State): State['questions'][number] | undefined {
    return at < this.#options.pairs
      ? undefined
      : questions[Math.min(at - this.#options.pairs, questions.length - 1)];
  }

  /** The pairs shown so far, from left to right; those on the way to the answer are marked. */
  protected draw(state: State): Drawing {
    const { pairs } = this.#options;
    const { targets, order, at } = state;
    const question = this.#question(state);
    const [start, hops] = question ?? [0, 0];
    const way = new Set<number>();
    for (let hop = 0; hop < hops; hop++) way.add(reached(targets, start, hop));
    const shown = order.slice(0, at + 1).map((name, i): Shape => {
      const fill = way.has(name) ? palette.ink : palette.pale;
      const text = `${name} → ${targets[name]}`;
      return {
        type: 'text',
        x: 16 + 92 * (i % 6),
        y: 72 + 28 * Math.floor(i / 6),
        text,
        size: 16,
        fill,
      };
    });
    const text = question === undefined ? 'Remember' : `From ${start}, follow ${hops}`;
    return {
      width: 16 + 92 * Math.min(6, pairs),
      height: 72 + 28 * Math.ceil(pairs / 6),
      shapes: [{ type: 'text', x: 16, y: 32, text, fill: palette.ink }, ...shown],
    };
  }
}

/** The name that `hops` links lead to. */
function reached(targets: readonly number[], start: number, hops: number): number {
  let name = start;
  for (let hop = 0; hop < hops; hop++) name = targets[name];
  return name;
}

export const recall = defineEnv<RecallOptions>({
  id: 'Recall-v0',
  summary:
    'See pairs of names one by one, then answer how one leads to another by 1 to K links; memory and thought at once.',
  options,
  make: (options) => new Recall(options),
});
