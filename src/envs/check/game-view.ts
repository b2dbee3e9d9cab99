import { describe } from '../common/describe.ts';
import type { ChanceOutcome, Game, Turn } from '../games/game.ts';
import { same } from './compare-values.ts';
import type { Rule } from './findings.ts';

/** What a game says of a place in a play. */
export interface View {
  turn: Turn;
  legalActions: readonly number[];
  chanceOutcomes: readonly ChanceOutcome[];
  returns: readonly number[];
  /** Of each player; empty where chance acts [players]. */
  observe: readonly unknown[];
  /** Of each player; empty where no player acts [players]. */
  informationState: readonly string[];
}

/** How far sums of probabilities and of returns may be off. */
const ROUNDING = 1e-9;

export function viewOf(game: Game): View {
  const turn = game.turn();
  const players = Array.from({ length: game.players }, (_, player) => player);
  const acts = typeof turn === 'number';
  return {
    turn,
    legalActions: game.legalActions(),
    chanceOutcomes: game.chanceOutcomes(),
    returns: game.returns(),
    observe: turn === 'chance' ? [] : players.map((player) => game.observe(player)),
    informationState: acts ? players.map((player) => game.informationState(player)) : [],
  };
}

/** What is wrong with a view by itself: the rules that it breaks, and what was found. */
export function* breaches(game: Game, view: View): Generator<[Rule, string]> {
  const { turn, legalActions, chanceOutcomes, returns, observe, informationState } = view;
  const isPlayer =
    Number.isInteger(turn) && (turn as number) >= 0 && (turn as number) < game.players;
  if (!isPlayer && turn !== 'chance' && turn !== 'end') yield ['turn', `turn is ${describe(turn)}`];
  const isSorted =
    Array.isArray(legalActions) &&
    legalActions.every((action, i) => i === 0 || action > legalActions[i - 1]) &&
    legalActions.every((action) => game.actionSpace.contains(action));
  if (!isSorted || legalActions.length > 0 !== isPlayer) {
    yield [
      'legal-actions',
      `where turn is ${describe(turn)}, legalActions is ${describe(legalActions)}`,
    ];
  }
  const wrong = explainOutcomes(chanceOutcomes, turn === 'chance');
  if (wrong) yield ['chance-outcomes', wrong];
  const areNumbers =
    Array.isArray(returns) && returns.length === game.players && returns.every(Number.isFinite);
  const sum = areNumbers ? returns.reduce((total, one) => total + one, 0) : Number.NaN;
  if (!areNumbers || (game.zeroSum && turn === 'end' && Math.abs(sum) > ROUNDING)) {
    yield ['returns', `where turn is ${describe(turn)}, returns is ${describe(returns)}`];
  }
  for (const [player, obs] of observe.entries()) {
    const problem = game.observationSpace.explain(obs);
    if (problem) yield ['observation', `observe(${player}): ${problem}`];
  }
  for (const [player, key] of informationState.entries()) {
    if (typeof key === 'string') continue;
    yield ['information-state', `informationState(${player}) is ${describe(key)}`];
  }
}

function explainOutcomes(outcomes: readonly ChanceOutcome[], acts: boolean): string | undefined {
  if (!Array.isArray(outcomes)) return `chanceOutcomes is ${describe(outcomes)}`;
  if (!acts) return outcomes.length > 0 ? 'chanceOutcomes where chance does not act' : undefined;
  const sum = outcomes.reduce((total, { probability }) => total + probability, 0);
  const arePossible = outcomes.every(({ probability }) => probability > 0);
  if (!arePossible || !(Math.abs(sum - 1) <= ROUNDING)) {
    return `probabilities ${outcomes.map((one) => one.probability).join(', ')}, in all ${sum}`;
  }
  const areDifferent = new Set(outcomes.map(({ action }) => action)).size === outcomes.length;
  return areDifferent ? undefined : `actions ${outcomes.map((one) => one.action).join(', ')}`;
}

/** The first difference between two views that should be equal; undefined where there is none. */
export function differing(first: View, second: View): string | undefined {
  const names = Object.keys(first) as (keyof View)[];
  const name = names.find((one) => !same(first[one], second[one]));
  return name && `${name} was ${describe(first[name])}, then ${describe(second[name])}`;
}
