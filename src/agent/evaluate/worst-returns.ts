import { type Game, legalMask } from '../../envs/index.ts';
import type { ActOptions } from '../agent/act-options.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';

/**
 * What an agent gets at least as each player of a small game, whatever the others and chance do: all of that is tried, and the agent takes
 * its most likely actions. Never below 0 means that it cannot be beaten.
 *
 * ```ts
 * import { Agent } from 'pondera';
 * import { worstReturns } from 'pondera/agent';
 * import { makeGame } from 'pondera/envs';
 *
 * const agent = await Agent.load('runs/tic-tac-toe');
 * console.log(await worstReturns(agent, makeGame('TicTacToe-v0')));
 * ```
 *
 * @param game is left at some play
 * @param options as of `act`; an exit that draws is drawn once at each decision, from seed 0
 * @returns the least return as each player [players]
 * @throws Error for an agent with a memory, which acts by more than an observation; RangeError where the game's observations or actions are
 *   not the agent's
 */
export async function worstReturns(
  agent: ActingAgent,
  game: Game,
  options: Pick<ActOptions, 'exit' | 'maxSteps'> = {},
): Promise<number[]> {
  if (agent.config.memory.length > 0)
    throw new Error('worstReturns: expected an agent without a memory, got one with');
  const act = async () => {
    const mask = legalMask(game.actionSpace, game.legalActions());
    const how = { ...options, mask, deterministic: true, seed: 0 };
    return (await agent.act(game.observe(game.turn() as number), how)).action as number;
  };
  const worst: number[] = [];
  for (let player = 0; player < game.players; player++) {
    worst.push(await worstReturn(game, player, act));
  }
  return worst;
}

/** @param act chooses the player's action where the game stands as it is called */
async function worstReturn(
  game: Game,
  player: number,
  act: () => Promise<number>,
): Promise<number> {
  let worst = Infinity;
  game.begin();
  // Plays of the same length, so that their decisions share a batch.
  let plays = [game.snapshot()];
  while (plays.length > 0) {
    const longer = plays.map(async (play) => {
      game.restore(play);
      const turn = game.turn();
      if (turn === 'end') worst = Math.min(worst, game.returns()[player]);
      const outcomes = game.chanceOutcomes().map(({ action }) => action);
      const actions = turn === player ? [await act()] : [...game.legalActions(), ...outcomes];
      return actions.map((action) => {
        game.restore(play);
        game.apply(action);
        return game.snapshot();
      });
    });
    plays = (await Promise.all(longer)).flat();
  }
  return worst;
}
