import { Rng, type RngState } from '../../kernels/common/index.ts';
import { foreignSnapshot } from '../common/foreign-snapshot.ts';
import type { Env, Reset, ResetOptions, Step } from '../contract/env.ts';
import type { Game } from './game.ts';
import { legalMask } from './legal-mask.ts';
import { beginWith } from './opening.ts';
import { drawOutcome } from './opponent.ts';

interface Snapshot {
  id: string;
  /** What openings are drawn from. */
  openings: RngState;
  game: unknown;
}

/**
 * All seats of a game as one environment, for a search: each step is that of the player whose turn it is, who observes the own side, and
 * whose return is the reward at the end. `info.turned` says whether the next action is the other player's, `info.drawn` whether chance
 * acted between, by a stream of its own. It goes on from snapshots of a seat of the game.
 */
export class EverySeat<Obs> implements Env<Obs, number> {
  readonly observationSpace: Game<Obs>['observationSpace'];
  readonly actionSpace: Game<Obs>['actionSpace'];
  readonly #game: Game<Obs>;
  readonly #opening: number;
  readonly #rng: Rng;
  readonly #openings: Rng;

  /**
   * @param game is the environment's own from then on
   * @param opening the most random plies with which a play begins
   * @throws Error for a game of hidden information, of other than two players, or whose returns do not add up to 0
   */
  constructor(game: Game<Obs>, opening = 0) {
    const { id, perfectInformation, players, zeroSum } = game;
    if (!perfectInformation) {
      const why = 'since a search sees what is hidden from its player';
      throw new Error(`expected a game of perfect information, ${why}, got ${id}`);
    }
    if (players !== 2 || !zeroSum) {
      throw new Error(`expected a game of two players whose returns add up to 0, got ${id}`);
    }
    this.#game = game;
    this.observationSpace = game.observationSpace;
    this.actionSpace = game.actionSpace;
    this.#opening = opening;
    this.#rng = Rng.seed(0, id, 'search');
    this.#openings = Rng.seed(0, id, 'openings');
  }

  reset({ seed }: ResetOptions = {}): Reset<Obs> {
    const game = this.#game;
    if (seed !== undefined) {
      this.#rng.restore(Rng.seed(seed, game.id, 'search').state());
      this.#openings.restore(Rng.seed(seed, game.id, 'openings').state());
    }
    beginWith(game, this.#opening, this.#openings);
    this.#playChance();
    return { obs: game.observe(game.turn() as number), info: this.#info() };
  }

  step(action: number): Step<Obs> {
    const game = this.#game;
    const player = game.turn() as number;
    game.apply(action);
    const drawn = this.#playChance();
    const next = game.turn();
    const truncated = false;
    if (next === 'end') {
      const [obs, reward] = [game.observe(player), game.returns()[player]];
      return { obs, reward, terminated: true, truncated, info: { drawn } };
    }
    const info = { ...this.#info(), turned: next !== player, drawn };
    return { obs: game.observe(next as number), reward: 0, terminated: false, truncated, info };
  }

  snapshot(): Snapshot {
    return { id: this.#game.id, openings: this.#openings.state(), game: this.#game.snapshot() };
  }

  restore(snapshot: unknown): void {
    const { id, openings, game } = (snapshot ?? {}) as Partial<Snapshot>;
    if (id !== this.#game.id || game === undefined || game === null) {
      throw foreignSnapshot(this.#game.id, id, snapshot);
    }
    this.#game.restore(game);
    // A snapshot of a seat has none.
    if (openings) this.#openings.restore(openings);
  }

  /** Lets chance act while it is its turn. @returns whether it was */
  #playChance(): boolean {
    const game = this.#game;
    let drawn = false;
    while (game.turn() === 'chance') {
      game.apply(drawOutcome(game.chanceOutcomes(), this.#rng));
      drawn = true;
    }
    return drawn;
  }

  #info(): { actionMask: number[] } {
    return { actionMask: legalMask(this.actionSpace, this.#game.legalActions()) };
  }
}
