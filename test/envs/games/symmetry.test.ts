import { expect, it } from 'vitest';
import { makeGame } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';

it.each([
  ['TicTacToe-v0', 8],
  ['ConnectFour-v0', 2],
])('a play of %s is the same play, seen by any of its symmetries', (id, count) => {
  const [game, seen] = [makeGame(id), makeGame(id)];
  const symmetries = game.symmetries!;
  expect(new Set(symmetries.map(({ observation }) => String(observation))).size).toBe(count);
  expect(symmetries[0].observation).toEqual([...symmetries[0].observation.keys()]);
  for (const [i, { observation, actions }] of symmetries.entries()) {
    const rng = Rng.seed(i);
    game.begin();
    seen.begin();
    for (let turn = game.turn(); turn !== 'end'; turn = game.turn()) {
      const obs = game.observe(turn as number) as Int32Array;
      expect(seen.turn()).toBe(turn);
      expect(seen.observe(turn as number)).toEqual(obs.map((_, at) => obs[observation[at]]));
      const legal = game.legalActions();
      const action = legal[rng.int(legal.length)];
      game.apply(action);
      seen.apply(actions.indexOf(action));
    }
    expect(seen.turn()).toBe('end');
    expect(seen.returns()).toEqual(game.returns());
  }
});

it('Othello has those of its board, in which a pass stays a pass', () => {
  const { symmetries } = makeGame('Othello6-v0');
  expect(symmetries).toHaveLength(8);
  for (const { observation, actions } of symmetries!) expect(actions).toEqual([...observation, 36]);
});
