import type { Drawing } from '../contract/env.ts';
import { Discrete } from '../spaces/discrete.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import { drawCards, inThePot } from './draw-cards.ts';
import type { ChanceOutcome, PlayerView, Turn } from './game.ts';
import { StateGame } from './state-game.ts';

interface LeducState {
  /** The cards dealt so far, each player's and then the public one: 0..5, of rank ⌊card / 2⌋. */
  cards: readonly number[];
  /** What was done in each of both rounds: 0 fold, 1 call (or check), 2 raise. */
  rounds: readonly (readonly number[])[];
}

const FOLD = 0;
const CALL = 1;
const RAISE = 2;
const CARDS = [0, 1, 2, 3, 4, 5];
/** What a raise adds, in each round. */
const RAISES = [2, 4];
const MOST_RAISES = 2;
/** The most actions of a round: check, raise, raise, call. */
const LONGEST = 4;
const MONEY = 100;
const NAMES = ['J', 'Q', 'K'];

const rank = (card: number) => Math.floor(card / 2);

/**
 * Leduc poker (Southey et al. 2005): a deck of three ranks, two cards each; one card for each player, who have put in 1 each.
 * A round of bets, in which raises add 2, at most two; a public card; another round, in which they add 4. A pair with the public
 * card wins, else the higher rank; equal ones share. The first player begins both rounds. OpenSpiel's `leduc_poker`.
 *
 * A player observes `MultiDiscrete([2, 3, 4, 4 × 8])`: the own seat, the rank of the own card, 0 or 1 + the rank of the
 * public one, then what was done in the first round and in the second, up to four each: 0 nothing, 1 fold, 2 call, 3 raise.
 */
export class Leduc extends StateGame<Int32Array, LeducState> {
  readonly observationSpace = new MultiDiscrete([2, 3, 4, ...Array(2 * LONGEST).fill(4)]);
  readonly actionSpace = new Discrete(3, 0, { names: ['fold', 'call', 'raise'] });
  readonly maxLength = 2 * LONGEST;
  readonly perfectInformation = false;

  constructor() {
    super('Leduc-v0');
  }

  protected start(): LeducState {
    return { cards: [], rounds: [[], []] };
  }

  protected turnIn({ cards, rounds }: LeducState): Turn {
    const [first, second] = rounds;
    if (first.at(-1) === FOLD || second.at(-1) === FOLD || isOver(second)) return 'end';
    if (cards.length < (isOver(first) ? 3 : 2)) return 'chance';
    return (isOver(first) ? second : first).length % 2;
  }

  protected legalIn({ rounds: [first, second] }: LeducState): readonly number[] {
    const round = isOver(first) ? second : first;
    const raises = round.filter((action) => action === RAISE).length;
    const actions = raises < MOST_RAISES ? [CALL, RAISE] : [CALL];
    return raises > 0 ? [FOLD, ...actions] : actions;
  }

  protected override outcomesIn({ cards }: LeducState): readonly ChanceOutcome[] {
    const left = CARDS.filter((card) => !cards.includes(card));
    return left.map((card) => ({ action: card, probability: 1 / left.length }));
  }

  protected after(state: LeducState, action: number): LeducState {
    const { cards, rounds } = state;
    if (this.turnIn(state) === 'chance') return { cards: [...cards, action], rounds };
    const [first, second] = rounds;
    return {
      cards,
      rounds: isOver(first) ? [first, [...second, action]] : [[...first, action], second],
    };
  }

  protected returnsIn(state: LeducState): readonly number[] {
    if (this.turnIn(state) !== 'end') return [0, 0];
    const { cards, rounds } = state;
    const paid = paidIn(rounds);
    const last = rounds[1].length > 0 ? rounds[1] : rounds[0];
    const hand = (card: number) => (rank(card) === rank(cards[2]) ? 10 : rank(card));
    const ahead = hand(cards[0]) - hand(cards[1]);
    if (last.at(-1) === FOLD) return gains(last.length % 2, paid);
    return ahead === 0 ? [0, 0] : gains(ahead > 0 ? 0 : 1, paid);
  }

  protected observed({ cards, rounds }: LeducState, player: number): Int32Array {
    const obs = new Int32Array(this.observationSpace.size);
    const shown = cards.length < 3 ? 0 : 1 + rank(cards[2]);
    obs.set([player, rank(cards[player]), shown]);
    rounds.forEach((round, i) => {
      obs.set(
        round.map((action) => action + 1),
        3 + LONGEST * i,
      );
    });
    return obs;
  }

  /** As OpenSpiel has it where a player acts. */
  protected known(state: LeducState, player: number): string {
    const { cards, rounds } = state;
    const paid = paidIn(rounds);
    const fields = [
      `Observer: ${player}`,
      `Private: ${cards[player]}`,
      `Round ${cards.length < 3 ? 1 : 2}`,
      `Player: ${this.turnIn(state)}`,
      `Pot: ${paid[0] + paid[1]}`,
      `Money: ${paid.map((chips) => MONEY - chips).join(' ')}`,
      ...(cards.length < 3 ? [] : [`Public: ${cards[2]}`]),
      ...rounds.map((round, i) => `Round${i + 1}: ${round.join(' ')}`),
    ];
    return fields.map((field) => `[${field}]`).join('');
  }

  protected override viewed(
    { cards, rounds }: LeducState,
    player: number,
  ): Omit<PlayerView, 'moves'> {
    const shown = NAMES[rank(cards[2])] ?? 'none yet';
    const own = `card: ${NAMES[rank(cards[player])]}`;
    return { words: [own, `public card: ${shown}`, inThePot(paidIn(rounds))] };
  }

  protected override draw({ cards, rounds }: LeducState): Drawing {
    const held = ['player 0', 'player 1', 'public'].map((holder, i): [string, string] => {
      return [holder, NAMES[rank(cards[i])] ?? ''];
    });
    const lines = rounds.map((round) =>
      round.map((one) => this.actionSpace.names![one]).join(', '),
    );
    return drawCards(held, lines);
  }
}

/** Whether a round has ended with a call. */
function isOver(round: readonly number[]): boolean {
  return round.length > 1 && round.at(-1) === CALL;
}

/** What each player has put in. */
function paidIn(rounds: readonly (readonly number[])[]): [number, number] {
  const paid: [number, number] = [1, 1];
  rounds.forEach((round, i) => {
    round.forEach((action, turn) => {
      const [own, other] = [turn % 2, 1 - (turn % 2)];
      if (action === CALL) paid[own] = paid[other];
      if (action === RAISE) paid[own] = paid[other] + RAISES[i];
    });
  });
  return paid;
}

/** The winner gets what the other has put in. */
function gains(winner: number, paid: readonly number[]): readonly number[] {
  const won = paid[1 - winner];
  return winner === 0 ? [won, -won] : [-won, won];
}
