import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { palette } from '../../common/palette.ts';
import type { Drawing, Shape } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';

const SUITS = 4;
const OF_A_SUIT = 13;
const NAMES = ['♠', '♥', '♦', '♣'];

const options = z
  .strictObject({
    decks: z.int().min(1).max(100).default(1).describe('Decks of 52 cards that are dealt.'),
    k: z
      .int()
      .min(1)
      .default(4)
      .describe(
        'Cards over which to remember (k): 1 asks for the card on show, 4 for the one three before.',
      ),
  })
  .refine(({ decks, k }) => k < decks * SUITS * OF_A_SUIT, {
    path: ['k'],
    error: 'expected less than the number of cards',
  });

export type RepeatPreviousOptions = z.infer<typeof options>;

interface State {
  /** The suits of all cards, in the order in which they are dealt. */
  suits: number[];
  /** Cards dealt so far. */
  dealt: number;
}

/**
 * ## Description
 * RepeatPrevious of POPGym (Morad et al. 2023, https://arxiv.org/abs/2303.01859), by its rules. Cards are dealt one by one, and each
 * decision names the suit of the card that was dealt k − 1 decisions ago, so a window of k cards has to be kept.
 * POPGym's Easy is the default; Medium is `decks: 2, k: 32`, Hard `decks: 3, k: 64`.
 *
 * ## Action Space
 * `Discrete(4)`: a suit.
 *
 * ## Observation Space
 * `Discrete(4)`: the suit of the card dealt last.
 *
 * ## Rewards
 * Once k cards are dealt, 1 / (cards − k) for the right suit, and minus that for another; 0 before.
 *
 * ## Starting State
 * The decks shuffled, one card dealt.
 *
 * ## Episode End
 * Truncated with the last card.
 *
 * ## Arguments
 * `decks` = 1, `k` = 4.
 *
 * ## Version History
 * - v0: first version.
 */
export class RepeatPrevious extends EpisodicEnv<number, number, State> {
  readonly observationSpace = new Discrete(SUITS);
  readonly actionSpace = new Discrete(SUITS);
  readonly #cards: number;
  readonly #k: number;

  constructor({ decks, k }: RepeatPreviousOptions) {
    const cards = decks * SUITS * OF_A_SUIT;
    super('RepeatPrevious-v0', cards - 1);
    this.#cards = cards;
    this.#k = k;
  }

  protected begin(rng: Rng): State {
    return {
      suits: rng.shuffle(Array.from({ length: this.#cards }, (_, i) => i % SUITS)),
      dealt: 1,
    };
  }

  protected advance({ suits, dealt }: State, action: number): Outcome<State> {
    const k = this.#k;
    const worth = 1 / (this.#cards - k);
    const reward = dealt < k ? 0 : action === suits[dealt - k] ? worth : -worth;
    return { state: { suits, dealt: dealt + 1 }, reward, terminated: false };
  }

  protected observe({ suits, dealt }: State): number {
    return suits[dealt - 1];
  }

  /** The last k cards; the one that is asked for is marked. */
  protected draw({ suits, dealt }: State): Drawing {
    const shown = suits.slice(Math.max(0, dealt - this.#k), dealt);
    const asked = dealt >= this.#k;
    const cards = shown.flatMap((suit, i): Shape[] => {
      const x = 12 + 32 * i;
      const fill = asked && i === 0 ? palette.goal : palette.pale;
      return [
        { type: 'rect', x, y: 12, width: 26, height: 36, fill },
        { type: 'text', x: x + 6, y: 36, text: NAMES[suit], size: 18, fill: palette.ink },
      ];
    });
    return { width: 24 + 32 * this.#k, height: 60, shapes: cards };
  }
}

export const repeatPrevious = defineEnv<RepeatPreviousOptions>({
  id: 'RepeatPrevious-v0',
  summary: 'Name the suit of the card that was dealt k − 1 decisions ago; POPGym’s RepeatPrevious.',
  options,
  make: (options) => new RepeatPrevious(options),
});
