import { type Game, gameIds, legalMask, type Opponent } from '../../envs/index.ts';
import { framesOf } from '../../envs/spaces/index.ts';
import type { ActOptions } from '../agent/act-options.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';
import { UsageError } from '../common/errors.ts';

/** Who takes part in matches. */
export interface Player {
  /** What tables and messages call it. */
  readonly name: string;
  /**
   * Sits down for a play: what it returns acts in this play alone, so it may remember.
   * @throws UsageError for a game that it does not play
   */
  sit(game: Game): Opponent;
}

/** A player of any game that chooses by a function. */
export function opponentPlayer(name: string, opponent: Opponent): Player {
  return { name, sit: () => opponent };
}

/**
 * A player that an agent is. It acts as `agent.session()` does, so a memory or stacked frames are those of the play.
 * @param how as of `act`; what it leaves out is as the agent's config says
 * @throws UsageError, as it sits down, for a game that the agent was not trained on, and for an agent that sees or does other than the game's
 *   seats: parts hidden (`env.hide`), or a world that goes on meanwhile (`env.realTime`)
 */
export function agentPlayer(
  agent: ActingAgent,
  name: string,
  how: Pick<ActOptions, 'exit' | 'maxSteps' | 'deadlineMs' | 'deterministic'> = {},
): Player {
  return {
    name,
    sit(game) {
      checkGame(agent, name, game);
      const session = agent.session();
      return async (obs, legalActions, rng) => {
        const mask = legalMask(game.actionSpace, legalActions);
        return (await session.act(obs, { ...how, mask, seed: rng.uint32() })).action;
      };
    },
  };
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
