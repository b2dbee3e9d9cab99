import type { Drawing } from '../contract/env.ts';
import { Discrete } from '../spaces/discrete.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import { drawCards, inThePot } from './draw-cards.ts';
import type { ChanceOutcome, PlayerView, Turn } from './game.ts';
import { StateGame } from './state-game.ts';

interface KuhnState {
  /** The cards dealt so far, 0 (the lowest) to 2; the first player's first. */
  cards: readonly number[];
  /** 0 pass, 1 bet. */
  bets: readonly number[];
}

const CARDS = [0, 1, 2];
const CALLS = 'pb';
const NAMES = ['J', 'Q', 'K'];

/**
 * Kuhn's poker (1950): three cards, one for each player, who have put in 1 each. Who acts may pass or bet 1 more; who does
 * not answer a bet loses what was put in, else the higher card wins it. OpenSpiel's `kuhn_poker`.
 *
 * A player observes `MultiDiscrete([2, 3, 3, 3, 3])`: the own seat and card, then what was done: 0 nothing, 1 pass, 2 bet.
 */
export class Kuhn extends StateGame<Int32Array, KuhnState> {
  readonly observationSpace = new MultiDiscrete([2, 3, 3, 3, 3]);
  readonly actionSpace = new Discrete(2, 0, { names: ['pass', 'bet'] });
  readonly maxLength = 3;
  readonly perfectInformation = false;

  constructor() {
    super('Kuhn-v0');
  }

  protected start(): KuhnState {
    return { cards: [], bets: [] };
  }

  protected turnIn({ cards, bets }: KuhnState): Turn {
    if (cards.length < 2) return 'chance';
    const [first, second] = bets;
    const hasEnded = bets.length === 3 || (bets.length === 2 && !(first === 0 && second === 1));
    return hasEnded ? 'end' : bets.length % 2;
  }

  protected legalIn(): readonly number[] {
    return [0, 1];
  }

  protected override outcomesIn({ cards }: KuhnState): readonly ChanceOutcome[] {
    const left = CARDS.filter((card) => !cards.includes(card));
    return left.map((card) => ({ action: card, probability: 1 / left.length }));
  }

  protected after({ cards, bets }: KuhnState, action: number): KuhnState {
    return cards.length < 2
      ? { cards: [...cards, action], bets }
      : { cards, bets: [...bets, action] };
  }

  protected returnsIn(state: KuhnState): readonly number[] {
    if (this.turnIn(state) !== 'end') return [0, 0];
    const { cards, bets } = state;
    const betters = [0, 1].filter((player) => bets.some((bet, i) => bet === 1 && i % 2 === player));
    const winner = betters.length === 1 ? betters[0] : cards[0] > cards[1] ? 0 : 1;
    const won = betters.length === 2 ? 2 : 1;
    return winner === 0 ? [won, -won] : [-won, won];
  }

  protected observed({ cards, bets }: KuhnState, player: number): Int32Array {
    const obs = Int32Array.of(player, cards[player], 0, 0, 0);
    obs.set(
      bets.map((bet) => bet + 1),
      2,
    );
    return obs;
  }

  /** The card and what was done, such as `0pb`, as OpenSpiel has it. */
  protected known({ cards, bets }: KuhnState, player: number): string {
    return `${cards[player] ?? ''}${bets.map((bet) => CALLS[bet]).join('')}`;
  }

  protected override viewed({ cards, bets }: KuhnState, player: number): Omit<PlayerView, 'moves'> {
    const paid = [0, 1].map(
      (better) => 1 + bets.filter((bet, i) => i % 2 === better && bet).length,
    );
    return { words: [`card: ${NAMES[cards[player]]}`, inThePot(paid)] };
  }

  protected override draw({ cards, bets }: KuhnState): Drawing {
    const held = [0, 1].map((player): [string, string] => {
      return [`player ${player}`, NAMES[cards[player]] ?? ''];
    });
    return drawCards(held, [bets.map((bet) => this.actionSpace.names![bet]).join(', ')]);
  }
}
