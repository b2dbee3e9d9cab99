import type { Game, Opponent, PlayerView } from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import type { Agent } from '../agent/agent.ts';
import { exitOf } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';
import type { AgentPlayerOptions } from '../match/game-decider.ts';
import { type Person, ResignedError } from '../match/person.ts';
import { playOut } from '../match/play-out.ts';
import { agentDecisions } from '../match/players.ts';
import type { RecordedDecision } from '../run/recording-format.ts';
import type { Position } from './game-format.ts';
import { decisionLine, headerOf, shown } from './recording-lines.ts';

export interface RecordGameOptions
  extends Pick<AgentPlayerOptions, 'exit' | 'maxSteps' | 'deterministic'> {
  /** The person's seat, from 0. */
  seat: number;
  /** The same seed and moves play the same game. */
  seed: number;
  /** Moves of both players with which the game begins; chance draws as it did. Default: none. */
  moves?: readonly number[];
}

/**
 * Plays a game between a person and an agent, to its end or until the person gives up.
 *
 * The lines are those of a recording, of which each decision comes as soon as it is made; between them come positions, as often as
 * they change. Of a game of hidden information all decisions come at the end, since a thought tells what its player knows.
 *
 * @param write receives each line, with its newline
 * @throws UsageError for a game that the agent does not play or that no person can be shown, a seat that it does not have, and `moves`
 *   that the agent would not make again
 */
export async function recordGame(
  agent: Agent,
  makeGame: () => Game,
  person: Person,
  options: RecordGameOptions,
  write: (line: string) => void,
): Promise<void> {
  const { seat, seed, moves = [], ...how } = options;
  const exit = exitOf(agent.config, how.exit);
  const game = makeGame();
  const view = viewsOf(game, seat);
  const decide = agentDecisions(agent, agent.config.name, how)(makeGame)(game);
  const put = (line: object) => write(`${JSON.stringify(line)}\n`);
  put(headerOf(agent, exit, { seed, ...how }));
  const played: Position['played'] = [];
  const thoughts: RecordedDecision[] = [];
  const position = (turn: Position['turn'], end?: Position['end']) => {
    const { moves, ...seen } = view(seat);
    const open = turn === 'person' ? moves : [];
    put({ type: 'position', ...seen, moves: open, seat, turn, played, end } satisfies Position);
  };
  /** Takes an action, and notes it. */
  const taken = (by: number, action: number) => {
    const move = view(by).moves.find((one) => one.action === action);
    if (move) played.push({ by, move });
    return action;
  };
  const persons = {
    name: 'the person',
    rng: Rng.seed(seed, 'game', seat),
    choose: async (...asked: Parameters<Opponent>) => {
      const before = moves[played.length];
      if (before === undefined) position('person');
      return taken(seat, before ?? (await person.choose(...asked)));
    },
  };
  const agents = {
    name: agent.config.name,
    rng: Rng.seed(seed, 'game', 1 - seat),
    choose: async (...asked: Parameters<Opponent>) => {
      const before = moves[played.length];
      if (before === undefined) position('agent');
      const { decision, seen } = await decide(...asked);
      const { choice } = decision;
      if (before !== undefined && choice !== before) {
        throw new UsageError(
          `expected the run to move as before, ${before}, got ${choice}: it has another checkpoint by now, so begin another game`,
        );
      }
      const { undrawn: _, ...what } = shown(agent, { obs: seen, drawing: game.render?.() });
      const outcome = { decision, reward: 0, terminated: false, truncated: false };
      const thought = await decisionLine(agent, exit, outcome, thoughts.length, what);
      thoughts.push(thought);
      if (game.perfectInformation) put(thought);
      return taken(1 - seat, choice as number);
    },
  };
  const seated = seat === 0 ? [persons, agents] : [agents, persons];
  let resigned = false;
  try {
    await playOut(game, seated, Rng.seed(seed, 'game'));
  } catch (error) {
    if (!(error instanceof ResignedError)) throw error;
    resigned = true;
  }
  if (!game.perfectInformation) for (const thought of thoughts) put(thought);
  const returns = game.returns();
  put({ type: 'end', return: returns[1 - seat], length: thoughts.length });
  const { words } = view(seat);
  const hidden = view(1 - seat).words.filter((one) => !words.includes(one));
  position('end', { return: returns[seat], resigned, hidden });
}

/** @throws UsageError where there are none, or no such seat */
function viewsOf(game: Game, seat: number): (player: number) => PlayerView {
  const { id, players } = game;
  if (game.view === undefined || players !== 2) {
    throw new UsageError(`${id}: expected a game of two players that a person can be shown (view)`);
  }
  if (seat >= players) {
    throw new UsageError(`${id}: seat: expected an integer in 0..${players - 1}, got ${seat}`);
  }
  return (player) => game.view!(player);
}
