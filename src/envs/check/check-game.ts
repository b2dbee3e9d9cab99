import { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import { explainPlain, stringifyExact } from '../common/exact-json.ts';
import { type Checks, checkOptions, integer } from '../common/options.ts';
import type { Game } from '../games/game.ts';
import { drawOutcome } from '../games/opponent.ts';
import { positionKey } from '../games/position-key.ts';
import { same } from './compare-values.ts';
import { explainSpace } from './explain-space.ts';
import { type Finding, Findings, type Rule } from './findings.ts';
import { breaches, differing, type View, viewOf } from './game-view.ts';

/** How much `checkGame` plays. */
export interface GameCheckOptions {
  /** Seeds the play, an integer ≥ 0; default 0. */
  seed?: number;
  /** Random plays; default 100. */
  plays?: number;
}

const checks: Checks<GameCheckOptions> = { seed: integer(0), plays: integer(1) };

/** The result of `checkGame`. */
export interface GameReport {
  /** Whether there is no problem. */
  ok: boolean;
  /** Breaches of the contract, the first one of each rule. */
  problems: Finding[];
  /** Observed properties of the game. */
  facts: GameFacts;
}

/** Properties of a game that `checkGame` observed. */
export interface GameFacts {
  /** Plays that ended. */
  plays: number;
  /** The most actions of players in one of them. */
  longest: number;
  /** Information states in which a player acted. */
  informationStates: number;
  /** The mean return of each player in random play [players]. */
  meanReturns: number[];
}

/** How often chance may act in a row. */
const MOST_CHANCE = 1000;
const METHODS = [
  ...(['begin', 'turn', 'legalActions', 'chanceOutcomes', 'apply', 'returns'] as const),
  ...(['observe', 'informationState', 'snapshot', 'restore'] as const),
];

/**
 * Checks that a game keeps its contract (`Game`): plays it with random legal actions, again on another instance and from
 * snapshots, and tries illegal actions.
 *
 * It reports a broken game and does not throw. It cannot end a call that never returns.
 *
 * ```ts
 * import { checkGame, makeGame } from 'pondera/envs';
 *
 * const report = checkGame(() => makeGame('Leduc-v0'));
 * console.log(report.ok, report.problems, report.facts);
 * ```
 *
 * @param factory makes the game; the check calls it twice
 * @throws RangeError for an unknown option
 */
export function checkGame(factory: () => Game, options: GameCheckOptions = {}): GameReport {
  checkOptions('checkGame', options, checks);
  const { seed = 0, plays = 100 } = options;
  const findings = new Findings();
  const facts: GameFacts = { plays: 0, longest: 0, informationStates: 0, meanReturns: [] };
  try {
    const check = new GameCheck(made(factory, findings), made(factory, findings), findings, facts);
    const rng = Rng.seed(seed, 'checkGame');
    for (let play = 1; play <= plays; play++) check.play(`play ${play}`, rng);
  } catch (error) {
    if (!(error instanceof BrokenGameError)) findings.problem('rules', describe(error));
  }
  return { ok: findings.problems.length === 0, problems: findings.problems, facts };
}

/** Ends a check whose finding is already noted. */
class BrokenGameError extends Error {}

/** A new game of which all members are there. */
function made(factory: () => Game, findings: Findings): Game {
  const game = factory();
  const refuse = (rule: Rule, found: string): never => {
    findings.problem(rule, found);
    throw new BrokenGameError();
  };
  if (typeof game !== 'object' || game === null) refuse('game', `got ${describe(game)}`);
  for (const name of METHODS) {
    if (typeof game[name] !== 'function') refuse('game', `${name} is ${describe(game[name])}`);
  }
  for (const name of ['players', 'maxLength'] as const) {
    const value = game[name];
    if (!(Number.isSafeInteger(value) && value > 0))
      refuse('game', `${name} is ${describe(value)}`);
  }
  if (typeof game.id !== 'string') refuse('game', `id is ${describe(game.id)}`);
  for (const name of ['observationSpace', 'actionSpace'] as const) {
    const problem = explainSpace(game[name], Rng.seed(0, name));
    if (problem) refuse('spaces', `${name}: ${problem}`);
  }
  if (game.actionSpace.type !== 'discrete') {
    refuse('spaces', `actionSpace: expected a Discrete, got a ${game.actionSpace.type} space`);
  }
  return game;
}

/** A place in a play: what was seen there, and the action taken. */
interface Place {
  where: string;
  view: View;
  /** A copy of the observations. */
  copy: readonly unknown[];
  action?: number;
}

class GameCheck {
  readonly #game: Game;
  readonly #other: Game;
  readonly #findings: Findings;
  readonly #facts: GameFacts;
  /** What the player saw and could do in each information state, and where. */
  readonly #known = new Map<string, { seen: object; where: string }>();
  /** What a new game shows. */
  readonly #start: View;
  /** What was legal in each position of a game of perfect information, and where. */
  readonly #positions = new Map<string, { legal: readonly number[]; where: string }>();

  /** @param other plays after `game` what that has played */
  constructor(game: Game, other: Game, findings: Findings, facts: GameFacts) {
    this.#game = game;
    this.#other = other;
    this.#findings = findings;
    this.#facts = facts;
    facts.meanReturns = Array(game.players).fill(0);
    this.#start = viewOf(other);
  }

  play(name: string, rng: Rng): void {
    const game = this.#game;
    game.begin();
    const places: Place[] = [];
    let saved: { from: number; snapshot: unknown; json: string } | undefined;
    let [moves, chances] = [0, 0];
    for (;;) {
      const place = this.#look(`${name}, action ${places.length + 1}`);
      places.push(place);
      const { view, where } = place;
      if (view.turn === 'end') break;
      if (rng.int(4) === 0) saved ??= this.#save(places.length - 1, where);
      this.#tryIllegal(place, rng);
      [moves, chances] = view.turn === 'chance' ? [moves, chances + 1] : [moves + 1, 0];
      if (moves > game.maxLength || chances > MOST_CHANCE) {
        const found =
          moves > game.maxLength
            ? `${moves} actions of players`
            : `chance acted ${chances} times in a row`;
        this.#refuse('max-length', `${name}: ${found}, where maxLength is ${game.maxLength}`);
      }
      const { legalActions, chanceOutcomes } = view;
      place.action =
        view.turn === 'chance'
          ? drawOutcome(chanceOutcomes, rng)
          : legalActions[rng.int(legalActions.length)];
      game.apply(place.action);
    }
    const moved = differing(this.#start, places[0].view);
    if (moved) this.#findings.problem('replay', `${places[0].where}: of a new game, ${moved}`);
    this.#checkInformation(places);
    this.#checkCopies(places);
    this.#other.begin();
    this.#replay('replay', 'again from the beginning', this.#other, places);
    if (saved) this.#checkSnapshot(saved, places);
    this.#count(moves, places.at(-1)!.view.returns);
  }

  #look(where: string): Place {
    const view = viewOf(this.#game);
    for (const [rule, found] of breaches(this.#game, view)) {
      this.#findings.problem(rule, `${where}: ${found}`);
      // Without these no play goes on.
      if (['turn', 'legal-actions', 'chance-outcomes'].includes(rule)) throw new BrokenGameError();
    }
    return { where, view, copy: structuredClone(view.observe) };
  }

  #save(from: number, where: string) {
    const snapshot = this.#game.snapshot();
    const unfit = explainPlain(snapshot, 'snapshot');
    if (unfit) this.#refuse('snapshot', `${where}: ${unfit}`);
    return { from, snapshot, json: stringifyExact(snapshot) };
  }

  /** Tries an action that is not legal: one of the space where there is one, else one beside it. */
  #tryIllegal({ view, where }: Place, rng: Rng): void {
    const { actionSpace } = this.#game;
    const { start, n } = actionSpace;
    const tried = start + rng.int(n + 1);
    const outcomes = view.chanceOutcomes.map(({ action }) => action);
    if (view.legalActions.includes(tried) || outcomes.includes(tried)) return;
    try {
      this.#game.apply(tried);
    } catch {
      const changed = differing(view, viewOf(this.#game));
      if (changed) this.#refuse('illegal-action', `${where}: ${tried} was refused, but ${changed}`);
      return;
    }
    this.#refuse('illegal-action', `${where}: apply(${tried}) did not throw`);
  }

  /** Compares what players saw and could do with what they did in the same information state before. */
  #checkInformation(places: readonly Place[]): void {
    const last = new Map<number, unknown>();
    for (const { view, where, action } of places) {
      const { turn, legalActions, observe, informationState } = view;
      if (typeof turn !== 'number') continue;
      const [key, obs] = [informationState[turn], observe[turn]];
      const seen = { player: turn, legalActions, obs, before: last.get(turn) ?? null };
      last.set(turn, [key, action]);
      const known = this.#known.get(key);
      if (!known) this.#known.set(key, { seen, where });
      else if (!same(known.seen, seen)) {
        const found = `informationState(${turn}) is ${describe(key)} as in ${known.where}, where the player had done, seen or could do something else`;
        this.#findings.problem('information-state', `${where}: ${found}`);
      }
      const { perfectInformation, observationSpace } = this.#game;
      if (perfectInformation && observationSpace.contains(obs)) {
        this.#checkPosition(positionKey(observationSpace, turn, obs), legalActions, where);
      }
    }
    this.#facts.informationStates = this.#known.size;
  }

  #checkPosition(key: string, legal: readonly number[], where: string): void {
    const known = this.#positions.get(key);
    if (!known) this.#positions.set(key, { legal, where });
    else if (!same(known.legal, legal)) {
      const found = `the observation is that of ${known.where}, where legalActions was ${describe(known.legal)}; here it is ${describe(legal)}`;
      this.#findings.problem('perfect-information', `${where}: ${found}`);
    }
  }

  #checkCopies(places: readonly Place[]): void {
    const changed = places.find(({ view, copy }) => !same(view.observe, copy));
    if (!changed) return;
    const { where, copy, view } = changed;
    const found = `observations were ${describe(copy)} and later became ${describe(view.observe)}`;
    this.#findings.problem('aliasing', `${where}: ${found}`);
  }

  #checkSnapshot(
    { from, snapshot, json }: { from: number; snapshot: unknown; json: string },
    places: readonly Place[],
  ): void {
    const { where } = places[from];
    if (explainPlain(snapshot, 'snapshot') || stringifyExact(snapshot) !== json) {
      this.#findings.problem('snapshot', `${where}: a snapshot changed while its game went on`);
    }
    for (const game of [this.#game, this.#other]) {
      game.restore(JSON.parse(json));
      const of = game === this.#game ? 'the same instance' : 'another instance';
      this.#replay('snapshot', `restored into ${of}`, game, places.slice(from));
    }
  }

  /** Plays the actions of places, and compares what is seen. */
  #replay(rule: Rule, how: string, game: Game, places: readonly Place[]): void {
    for (const { view, copy, where, action } of places) {
      const found = differing({ ...view, observe: copy }, viewOf(game));
      if (found) this.#findings.problem(rule, `${where}, ${how}: ${found}`);
      if (found || action === undefined) return;
      game.apply(action);
    }
  }

  #count(moves: number, returns: readonly number[]): void {
    const facts = this.#facts;
    facts.plays++;
    facts.longest = Math.max(facts.longest, moves);
    facts.meanReturns = facts.meanReturns.map(
      (mean, player) => mean + (returns[player] - mean) / facts.plays,
    );
  }

  #refuse(rule: Rule, found: string): never {
    this.#findings.problem(rule, found);
    throw new BrokenGameError();
  }
}
