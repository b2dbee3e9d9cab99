import type { Rng } from '../../../kernels/common/index.ts';
import { type Checks, checkOptions, integer } from '../../common/options.ts';
import type { Game, Turn } from '../game.ts';
import { drawOutcome, type Opponent } from '../opponent.ts';

/** How much is searched. */
export interface MctsOptions {
  /** Plays to the end for each action, at least 1. */
  simulations: number;
}

const checks: Checks<MctsOptions> = { simulations: integer(1) };

/** The weight of what is little known, OpenSpiel's default. */
const EXPLORATION = 2;

/** An action, and what has come of it. */
interface Edge {
  action: number;
  visits: number;
  /** The sum of the returns of the player who took it. */
  total: number;
  /** Where it leads to; without actions before the second visit, and at the end. */
  next: Position;
}

interface Position {
  /** Who acts; of a position that was not entered, nobody. */
  turn: Turn;
  visits: number;
  edges: Edge[];
}

/**
 * Monte Carlo tree search: upper confidence bounds on trees (Kocsis and Szepesvári 2006), values by random plays to the end.
 *
 * A simulation takes in each position the action with the highest mean return + 2 · √(ln N / n), of n visits of the action and N of the
 * position, chance by its probabilities, up to a position that was not visited before; from there all act at random. The action taken is
 * that with the most visits. As OpenSpiel's `MCTSBot` with one rollout, `uct_c` 2 and `solve` off.
 *
 * ```ts
 * import { Mcts, makeGame, seat } from 'pondera/envs';
 *
 * const env = seat(makeGame('ConnectFour-v0'), { opponents: new Mcts({ simulations: 1000 }).opponent });
 * ```
 */
export class Mcts {
  readonly #simulations: number;

  /** @throws RangeError for an unknown option or a wrong one */
  constructor(options: MctsOptions) {
    checkOptions('Mcts', options, checks);
    this.#simulations = options.simulations;
  }

  /**
   * How often each legal action was visited, which add up to `simulations` − 1; the game stays where it is.
   * @throws Error for a game of hidden information, and where it is no player's turn
   */
  visits(game: Game, rng: Rng): Map<number, number> {
    return new Map(this.#search(game, rng).map(({ action, visits }) => [action, visits]));
  }

  /** Takes the action with the most visits; of those with as many, that with the highest mean return. */
  readonly opponent: Opponent = (_obs, _legalActions, rng, game) =>
    this.#search(game, rng).reduce((best, edge) =>
      edge.visits > best.visits || (edge.visits === best.visits && edge.total > best.total)
        ? edge
        : best,
    ).action;

  #search(game: Game, rng: Rng): Edge[] {
    if (!game.perfectInformation) {
      throw new Error(
        `Mcts: expected a game of perfect information, since a search sees what is hidden, got ${game.id}`,
      );
    }
    if (typeof game.turn() !== 'number') {
      throw new Error(`Mcts: expected a player’s turn, got ${game.id} at that of ${game.turn()}`);
    }
    const root = unvisited();
    const before = game.snapshot();
    for (let done = 0; done < this.#simulations; done++) {
      simulate(game, root, rng);
      game.restore(before);
    }
    if (root.edges.length === 0) enter(root, game, rng);
    return root.edges;
  }
}

function unvisited(): Position {
  return { turn: 'end', visits: 0, edges: [] };
}

/** Plays once to the end, and counts what came of it. */
function simulate(game: Game, root: Position, rng: Rng): void {
  const path: { position: Position; edge: Edge }[] = [];
  let position = root;
  while (position.visits > 0 && game.turn() !== 'end') {
    if (position.edges.length === 0) enter(position, game, rng);
    const edge = position.turn === 'chance' ? drawn(position, game, rng) : highest(position);
    path.push({ position, edge });
    game.apply(edge.action);
    position = edge.next;
  }
  position.visits++;
  playOut(game, rng);
  const returns = game.returns();
  for (const { position, edge } of path) {
    position.visits++;
    edge.visits++;
    if (typeof position.turn === 'number') edge.total += returns[position.turn];
  }
}

/** Gives a position its actions, in a random order, so that of equal ones none is preferred. */
function enter(position: Position, game: Game, rng: Rng): void {
  position.turn = game.turn();
  const actions =
    position.turn === 'chance'
      ? game.chanceOutcomes().map(({ action }) => action)
      : rng.shuffle([...game.legalActions()]);
  position.edges = actions.map((action) => ({ action, visits: 0, total: 0, next: unvisited() }));
}

function drawn({ edges }: Position, game: Game, rng: Rng): Edge {
  const outcome = drawOutcome(game.chanceOutcomes(), rng);
  return edges.find(({ action }) => action === outcome)!;
}

/** The action with the highest upper bound; the first that was not visited, where there is one. */
function highest({ edges, visits }: Position): Edge {
  let [best, most] = [edges[0], -Infinity];
  const log = Math.log(visits);
  for (const edge of edges) {
    if (edge.visits === 0) return edge;
    const bound = edge.total / edge.visits + EXPLORATION * Math.sqrt(log / edge.visits);
    if (bound > most) [best, most] = [edge, bound];
  }
  return best;
}

function playOut(game: Game, rng: Rng): void {
  for (let turn = game.turn(); turn !== 'end'; turn = game.turn()) {
    if (turn === 'chance') {
      game.apply(drawOutcome(game.chanceOutcomes(), rng));
      continue;
    }
    const legal = game.legalActions();
    game.apply(legal[rng.int(legal.length)]);
  }
}
