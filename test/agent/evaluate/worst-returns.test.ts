import { expect, it } from 'vitest';
import type { ActingAgent } from '../../../src/agent/agent/acting-agent.ts';
import { worstReturns } from '../../../src/agent/index.ts';
import { Minimax, makeGame } from '../../../src/envs/index.ts';

/** An agent that chooses by a function of where the game stands. */
const agentThat = (choose: () => number, length = 0) => {
  const act = async () => ({ action: choose() });
  return { config: { memory: { length } }, act } as unknown as ActingAgent;
};

it('who cannot be beaten gets at least a draw as either player', async () => {
  const game = makeGame('TicTacToe-v0');
  const minimax = new Minimax();
  expect(
    await worstReturns(
      agentThat(() => minimax.best(game)[0]),
      game,
    ),
  ).toEqual([0, 0]);
});

it('finds the one reply that beats an agent', async () => {
  const game = makeGame('TicTacToe-v0');
  const first = agentThat(() => game.legalActions()[0]);
  expect(await worstReturns(first, game)).toEqual([-1, -1]);
  const minimax = new Minimax();
  // Careless as the second player alone, and there after one beginning of nine.
  const careless = agentThat(() => {
    const moves = game.informationState(0).split(', ');
    const isCareless = moves.length % 2 === 1 && moves[0] === '8';
    return isCareless ? game.legalActions().at(-1)! : minimax.best(game)[0];
  });
  expect(await worstReturns(careless, game)).toEqual([0, -1]);
});

it('refuses an agent with a memory', async () => {
  const remembers = agentThat(() => 0, 4);
  await expect(worstReturns(remembers, makeGame('TicTacToe-v0'))).rejects.toThrow(
    'worstReturns: expected an agent without a memory, got one with',
  );
});
