import { describe } from '../common/describe.ts';
import type { Drawing } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import type { Discrete } from '../spaces/discrete.ts';
import type { ChanceOutcome, Game, Move, PlayerView, Turn } from './game.ts';

/**
 * A game whose rules are functions of a state of plain JSON data. It refuses illegal actions and foreign snapshots.
 *
 * `after` returns a new state and does not change the old one, so that a snapshot is the state itself.
 */
export abstract class StateGame<Obs, State> implements Game<Obs> {
  abstract readonly observationSpace: Space<Obs>;
  abstract readonly actionSpace: Discrete;
  abstract readonly maxLength: number;
  abstract readonly perfectInformation: boolean;
  readonly players: number = 2;
  readonly zeroSum: boolean = true;
  readonly id: string;
  readonly render?: () => Drawing;
  readonly view?: (player: number) => PlayerView;
  #state: State | undefined;

  /** @param id name and version, for messages and snapshots */
  constructor(id: string) {
    this.id = id;
    if (this.draw) this.render = () => this.draw!(this.#now);
    if (this.viewed) {
      this.view = (player) => {
        const moves = this.legalActions().map((action) => ({ action, ...this.moveOf(action) }));
        return { ...this.viewed!(this.#now, this.#checked(player)), moves };
      };
    }
  }

  /** The state in which a play begins. */
  protected abstract start(): State;
  /** Who acts next. */
  protected abstract turnIn(state: State): Turn;
  /** The actions of the player whose turn it is, ascending. */
  protected abstract legalIn(state: State): readonly number[];
  /** The state after a legal action, or after an outcome of chance. */
  protected abstract after(state: State, action: number): State;
  /** What each player has won; at the end this counts [players]. */
  protected abstract returnsIn(state: State): readonly number[];
  /** What a player observes. */
  protected abstract observed(state: State, player: number): Obs;
  /** The name of all that a player has seen and done. */
  protected abstract known(state: State, player: number): string;
  /** Draws a state; a game without it has no `render`. */
  protected draw?(state: State): Drawing;
  /** What a person is shown of what a player knows; a game without it has no `view`. */
  protected viewed?(state: State, player: number): Omit<PlayerView, 'moves'>;

  /** An action as a person is shown it: by its name in the action space, and as no place on a board. */
  protected moveOf(action: number): Omit<Move, 'action'> {
    const { names, start } = this.actionSpace;
    return { name: names?.[action - start] ?? String(action), cells: [] };
  }

  /** The outcomes of chance, where it is its turn. */
  protected outcomesIn(_state: State): readonly ChanceOutcome[] {
    return [];
  }

  begin(): void {
    this.#state = this.start();
  }

  turn(): Turn {
    return this.turnIn(this.#now);
  }

  legalActions(): readonly number[] {
    return typeof this.turn() === 'number' ? this.legalIn(this.#now) : [];
  }

  chanceOutcomes(): readonly ChanceOutcome[] {
    return this.turn() === 'chance' ? this.outcomesIn(this.#now) : [];
  }

  apply(action: number): void {
    const turn = this.turn();
    if (turn === 'end') throw new Error(`${this.id}: apply(action): the play has ended`);
    const actions =
      turn === 'chance' ? this.chanceOutcomes().map((one) => one.action) : this.legalActions();
    if (!actions.includes(action)) {
      const who = turn === 'chance' ? 'chance' : `player ${turn}`;
      throw new Error(
        `${this.id}: apply(action): expected a legal action of ${who}, one of ${actions.join(', ')}, got ${describe(action)}`,
      );
    }
    this.#state = this.after(this.#now, action);
  }

  returns(): readonly number[] {
    return this.returnsIn(this.#now);
  }

  observe(player: number): Obs {
    return this.observed(this.#now, this.#checked(player));
  }

  informationState(player: number): string {
    return this.known(this.#now, this.#checked(player));
  }

  snapshot(): { id: string; state: State } {
    return { id: this.id, state: this.#now };
  }

  restore(snapshot: unknown): void {
    const { id, state } = (snapshot ?? {}) as { id?: string; state?: State };
    if (id !== this.id || state === undefined) {
      const got = id === undefined ? describe(snapshot) : `one of ${id}`;
      throw new Error(
        `${this.id}: restore(snapshot): expected a snapshot of ${this.id}, got ${got}`,
      );
    }
    this.#state = state;
  }

  /** The state; a constructor cannot call `start`, since fields of a subclass come after it. */
  get #now(): State {
    this.#state ??= this.start();
    return this.#state;
  }

  #checked(player: number): number {
    if (Number.isInteger(player) && player >= 0 && player < this.players) return player;
    const range = `0..${this.players - 1}`;
    throw new RangeError(`${this.id}: expected a player in ${range}, got ${describe(player)}`);
  }
}
