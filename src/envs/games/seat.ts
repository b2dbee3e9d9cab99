import { Rng, type RngState } from '../../kernels/common/index.ts';
import { describe } from '../common/describe.ts';
import { foreignSnapshot } from '../common/foreign-snapshot.ts';
import { andThen, isPromise } from '../common/is-promise.ts';
import { type Check, checkOptions } from '../common/options.ts';
import type { Drawing, Env, Reset, ResetOptions, Step } from '../contract/env.ts';
import { EverySeat } from './every-seat.ts';
import type { Game } from './game.ts';
import { legalMask } from './legal-mask.ts';
import { beginWith } from './opening.ts';
import { drawOutcome, type Lineup, type Opponent, randomOpponent } from './opponent.ts';

/** Who sits where. */
export interface SeatOptions<Obs = unknown> {
  /**
   * The player whose view it is; `alternate`: each in turn, an episode each, from one that the seed draws. Default `alternate`.
   */
  seat?: number | 'alternate';
  /**
   * Who plays the other seats: one for all; one for each player [players], of which that of the own seat is idle; or a lineup, of which
   * one plays all other seats of a play, and `info.metrics` has the return against its kind. Default random.
   */
  opponents?: Opponent<Obs> | readonly Opponent<Obs>[] | Lineup<Obs>;
  /** The most random plies with which a play begins, whoever's; how many is drawn for each play. Default 0. */
  opening?: number;
}

interface Snapshot {
  id: string;
  rng: RngState;
  seat: number;
  isOver: boolean;
  /** Who of a lineup plays the present play. */
  rival?: string;
  /** null before the first reset. */
  game: unknown;
}

/** Plays begun before one in which the seat has a decision, at most. */
const MOST_PLAYS = 1000;

/**
 * One player's view of a game as an `Env`: it shows what the player knows when it is the player's turn; chance and the
 * opponents act meanwhile, by the seed. The reward is the player's return, at the end. `info.actionMask` has the legal
 * actions; `info.success` says at the end whether the return is above 0.
 *
 * ```ts
 * import { makeGame, seat } from 'pondera/envs';
 *
 * const env = seat(makeGame('TicTacToe-v0'), { seat: 0 });
 * const { obs, info } = await env.reset({ seed: 1 });
 * console.log(obs, info.actionMask);
 * ```
 *
 * It is as synchronous as its opponents are. A play that ends before the player's first decision is followed by another one.
 *
 * @param game is the environment's own from then on
 * @throws RangeError for an unknown option or a wrong one
 */
export function seat<Obs>(game: Game<Obs>, options: SeatOptions<Obs> = {}): Env<Obs, number> {
  return new Seat(game, options);
}

/**
 * What `restore` of a seat takes to go on from a game that is played elsewhere, as the player whose turn it is there.
 * @param rng what chance and the opponents draw from, from there on
 */
export function seatSnapshot(game: Game, rng: Rng): unknown {
  const seat = game.turn() as number;
  const snapshot: Snapshot = {
    ...{ id: game.id, rng: rng.state(), seat },
    ...{ isOver: false, game: game.snapshot() },
  };
  return snapshot;
}

class Seat<Obs> implements Env<Obs, number> {
  readonly observationSpace: Game<Obs>['observationSpace'];
  readonly actionSpace: Game<Obs>['actionSpace'];
  readonly id: string;
  readonly render?: () => Drawing;
  readonly #game: Game<Obs>;
  readonly #opponents: readonly Opponent<Obs>[] | Lineup<Obs>;
  readonly #alternates: boolean;
  readonly #opening: number;
  readonly #rng: Rng;
  #seat: number;
  #begun = false;
  #isOver = false;
  #rival: string | undefined;
  /** Resets and restores so far: an answer of an opponent before one is for another play. */
  #plays = 0;

  constructor(game: Game<Obs>, options: SeatOptions<Obs>) {
    checkOptions('seat', options, {
      ...{ seat: seatCheck(game), opponents: opponentsCheck(game) },
      opening: OPENING_CHECK,
    });
    const { seat = 'alternate', opponents = randomOpponent, opening = 0 } = options;
    this.#game = game;
    this.#opening = opening;
    this.observationSpace = game.observationSpace;
    this.actionSpace = game.actionSpace;
    this.id = game.id;
    this.#opponents =
      typeof opponents === 'function' ? Array(game.players).fill(opponents) : opponents;
    this.#alternates = seat === 'alternate';
    this.#rng = Rng.seed(0, this.id);
    this.#seat = seat === 'alternate' ? this.#rng.int(game.players) : seat;
    if (game.render) {
      this.render = () => {
        this.#check('render');
        return game.render!();
      };
    }
  }

  reset({ seed }: ResetOptions = {}): Reset<Obs> | Promise<Reset<Obs>> {
    const { players } = this.#game;
    if (seed !== undefined) this.#rng.restore(Rng.seed(seed, this.id).state());
    if (this.#alternates) {
      this.#seat = seed === undefined ? (this.#seat + 1) % players : this.#rng.int(players);
    }
    this.#begun = true;
    this.#isOver = false;
    this.#plays++;
    return andThen(this.#begin(MOST_PLAYS), () => ({ obs: this.#obs(), info: this.#info() }));
  }

  step(action: number): Step<Obs> | Promise<Step<Obs>> {
    this.#check('step');
    if (this.#isOver)
      throw new Error(`${this.id}: step() after the episode ended: call reset() first`);
    // An opponent has failed, or has not answered yet.
    if (this.#game.turn() !== this.#seat) {
      throw new Error(`${this.id}: step() at an opponent’s turn: call reset() first`);
    }
    const legal = this.#game.legalActions();
    if (!legal.includes(action)) {
      const expected = `expected a legal action, one of ${legal.join(', ')}`;
      throw new Error(`${this.id}: step(action): ${expected}, got ${describe(action)}`);
    }
    this.#game.apply(action);
    return andThen(this.#playOn(), () => {
      this.#isOver = this.#game.turn() === 'end';
      if (!this.#isOver) return this.#result(0);
      const won = this.#game.returns()[this.#seat];
      return this.#result(won, { success: won > 0, ...this.#against(won) });
    });
  }

  snapshot(): Snapshot {
    return {
      id: this.id,
      rng: this.#rng.state(),
      seat: this.#seat,
      isOver: this.#isOver,
      ...(this.#rival !== undefined && { rival: this.#rival }),
      game: this.#begun ? this.#game.snapshot() : null,
    };
  }

  restore(snapshot: unknown): void {
    const { id, rng, seat, isOver, rival, game } = (snapshot ?? {}) as Partial<Snapshot>;
    if (id !== this.id || !rng || seat === undefined || isOver === undefined) {
      throw foreignSnapshot(this.id, id, snapshot);
    }
    this.#rng.restore(rng);
    this.#seat = seat;
    this.#isOver = isOver;
    this.#rival = rival;
    this.#begun = game !== null;
    this.#plays++;
    if (this.#begun) this.#game.restore(game);
  }

  /** @throws Error for a game in which a search would see what is hidden, or whose values are not those of two rivals */
  forSearch(): Env<Obs, number> {
    return new EverySeat(this.#game, this.#opening);
  }

  #check(verb: string): void {
    if (!this.#begun) throw new Error(`${this.id}: ${verb}() before reset()`);
  }

  /** Begins plays until there is one in which the seat has a decision. */
  #begin(tries: number): void | Promise<void> {
    if (tries === 0) {
      const what = `expected a decision of player ${this.#seat}`;
      throw new Error(`${this.id}: reset(): ${what}, got none in ${MOST_PLAYS} plays`);
    }
    beginWith(this.#game, this.#opening, this.#rng);
    const opponents = this.#opponents;
    if ('draw' in opponents) this.#rival = opponents.draw(this.#rng);
    return andThen(this.#playOn(), () => {
      if (this.#game.turn() === 'end') return this.#begin(tries - 1);
    });
  }

  /** Lets chance and the opponents act until it is the seat's turn, or the end. */
  #playOn(): void | Promise<void> {
    for (let turn = this.#game.turn(); turn !== 'end'; turn = this.#game.turn()) {
      if (turn === this.#seat) return;
      if (turn === 'chance') {
        this.#game.apply(drawOutcome(this.#game.chanceOutcomes(), this.#rng));
        continue;
      }
      const legal = this.#game.legalActions();
      const obs = this.#game.observe(turn);
      const action = this.#opponent(turn)(obs, legal, this.#rng, this.#game);
      if (isPromise(action)) {
        const play = this.#plays;
        return action.then((chosen) => {
          if (play !== this.#plays) {
            throw new Error(`${this.id}: an opponent answered after the play had been left`);
          }
          this.#game.apply(chosen);
          return this.#playOn();
        });
      }
      this.#game.apply(action);
    }
  }

  #opponent(player: number): Opponent<Obs> {
    const opponents = this.#opponents;
    return 'draw' in opponents ? opponents.opponent(this.#rival!) : opponents[player];
  }

  /** The return by the kind of opponent, where a lineup has several. */
  #against(won: number): { metrics?: Record<string, number> } {
    const opponents = this.#opponents;
    if (!('draw' in opponents)) return {};
    return { metrics: { [`return against ${opponents.kind(this.#rival!)}`]: won } };
  }

  #obs(): Obs {
    return this.#game.observe(this.#seat);
  }

  #info(): { actionMask: number[] } {
    return { actionMask: legalMask(this.actionSpace, this.#game.legalActions()) };
  }

  #result(reward: number, end?: { success: boolean; metrics?: Record<string, number> }): Step<Obs> {
    const isOver = end !== undefined;
    const info = end ?? this.#info();
    return { obs: this.#obs(), reward, terminated: isOver, truncated: false, info };
  }
}

const OPENING_CHECK: Check = {
  expected: 'a whole number of plies, at least 0',
  allows: (value) => Number.isInteger(value) && (value as number) >= 0,
};

function seatCheck({ players }: Game): Check {
  return {
    expected: `a player in 0..${players - 1} or "alternate"`,
    allows: (value) =>
      value === 'alternate' ||
      (Number.isInteger(value) && (value as number) >= 0 && (value as number) < players),
  };
}

function opponentsCheck({ players }: Game): Check {
  const isOpponent = (value: unknown) => typeof value === 'function';
  return {
    expected: `a function, a list of ${players}, one for each player, or a lineup`,
    allows: (value) =>
      isOpponent(value) ||
      isLineup(value) ||
      (Array.isArray(value) && value.length === players && value.every(isOpponent)),
  };
}

function isLineup(value: unknown): boolean {
  const { draw, opponent, kind } = (value ?? {}) as Partial<Lineup>;
  return [draw, opponent, kind].every((one) => typeof one === 'function');
}
