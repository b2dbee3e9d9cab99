import { type Game, gameIds, legalMask, type Opponent } from '../../envs/index.ts';
import { framesOf } from '../../envs/spaces/index.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';
import { checkDecider } from '../agent/create-decider.ts';
import { UsageError } from '../common/errors.ts';
import { type AgentPlayerOptions, choices, type Decides, GameDecider } from './game-decider.ts';

/** Who takes part in matches. */
export interface Player {
  /** What tables and messages call it. */
  readonly name: string;
  /** Whether the time of its decisions is limited: it then plays one game at a time. */
  readonly timed?: boolean;
  /**
   * Joins a match.
   * @param makeGame makes a game such as those that will be played
   * @throws UsageError for a game that it does not play
   */
  join(makeGame: () => Game): Sit;
}

/** Sits down for a play of a game: what it returns acts in this play alone, so it may remember. */
export type Sit = (game: Game) => Opponent;

/** A player of any game that chooses by a function. */
export function opponentPlayer(name: string, opponent: Opponent): Player {
  return { name, join: () => () => opponent };
}

/**
 * A player that an agent is. It acts as `agent.session()` does, so a memory or stacked frames are those of the play; with another decider
 * than `ponder` it tries actions in copies of the game.
 *
 * ```ts
 * import { Agent } from 'pondera';
 * import { agentPlayer, match } from 'pondera/agent';
 * import { makeGame } from 'pondera/envs';
 *
 * const agent = await Agent.load('runs/connect-four');
 * const thinks = agentPlayer(agent, 'thinks', { deadlineMs: 20 });
 * const searches = agentPlayer(agent, 'searches', { deadlineMs: 20, decider: { name: 'search', simulations: 32 } });
 * const { elo } = await match(() => makeGame('ConnectFour-v0'), [thinks, searches], { games: 10 });
 * console.log(elo.difference);
 * ```
 *
 * @param how as of `act`; what it leaves out is as the agent's config says
 * @throws UsageError for an unknown decider or setting, and for one that an agent with a memory or stacked frames cannot decide by; as it
 *   joins, for a game that the agent was not trained on, and for an agent that sees or does other than the game's seats: parts hidden
 *   (`env.hide`), or a world that goes on meanwhile (`env.realTime`)
 */
export function agentPlayer(
  agent: ActingAgent,
  name: string,
  how: AgentPlayerOptions = {},
): Player {
  const join = agentDecisions(agent, name, how);
  return {
    name,
    timed: how.deadlineMs !== undefined,
    join(makeGame) {
      const sit = join(makeGame);
      return (game) => choices(sit(game));
    },
  };
}

/**
 * The decisions of an agent as a player.
 * @throws UsageError as `agentPlayer`
 */
export function agentDecisions(
  agent: ActingAgent,
  name: string,
  how: AgentPlayerOptions,
): (makeGame: () => Game) => (game: Game) => Decides {
  const { decider: option = agent.config.decider, ...thinking } = how;
  const decider = typeof option === 'string' ? option : option.name;
  const alone = decider === PONDER && agent.config.decider === PONDER;
  if (!alone) {
    checkDecider(agent.config, option);
    checkObservesAll(agent, name, decider);
  }
  return (makeGame) => {
    checkGame(agent, name, makeGame());
    if (!alone) {
      const decides = new GameDecider(agent, { ...thinking, decider: option }, makeGame);
      return (game) => decides.sit(game);
    }
    return (game) => {
      const session = agent.session();
      return (obs, legalActions, rng) => {
        const mask = legalMask(game.actionSpace, legalActions);
        return session.decide(obs, { ...thinking, mask, seed: rng.uint32() });
      };
    };
  };
}

/** The decider that thinks in latent space alone. */
const PONDER = 'ponder';

/** @throws UsageError where a decision needs more than the present observation */
function checkObservesAll({ config }: ActingAgent, name: string, decider: string): void {
  const { memory, env } = config;
  if (memory.length === 0 && env.frameStack === 1) return;
  const got =
    memory.length > 0 ? `memory.length ${memory.length}` : `env.frameStack ${env.frameStack}`;
  throw new UsageError(
    `${name}: decider ${decider}: expected a run without a memory or stacked frames, since it judges each position by itself, got ${got}`,
  );
}

function checkGame(agent: ActingAgent, name: string, game: Game): void {
  const { id, hide, realTime, frameStack } = agent.config.env;
  if (
    id !== undefined &&
    id !== game.id &&
    (gameIds().includes(id) || gameIds().includes(game.id))
  ) {
    throw new UsageError(`${name}: expected a run of ${game.id}, got one of ${id}`);
  }
  if (hide !== undefined || realTime !== undefined) {
    const what = hide !== undefined ? 'env.hide' : 'env.realTime';
    throw new UsageError(
      `${name}: expected a run that plays ${game.id} as it is, got one with ${what}`,
    );
  }
  const seen = frameStack > 1 ? framesOf(agent.observationSpace)!.space : agent.observationSpace;
  const shape = (...spaces: readonly { toJSON(): unknown }[]) => JSON.stringify(spaces);
  const [wanted, got] = [
    shape(game.observationSpace, game.actionSpace),
    shape(seen, agent.actionSpace),
  ];
  if (wanted === got) return;
  throw new UsageError(
    `${name}: expected a run with the observations and actions of ${game.id}, ${wanted}, got ${got}`,
  );
}
