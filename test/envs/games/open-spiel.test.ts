import { describe, expect, it } from 'vitest';
import type { Game } from '../../../src/envs/games/game.ts';
import { makeGame } from '../../../src/envs/games/game-registry.ts';
import { python, pythonHas } from '../../support/python.ts';

const installed = pythonHas('pyspiel', 'the games beside OpenSpiel’s');

/** Plays of each game that are compared; more by `PONDERA_PLAYOUTS=10000`. */
const PLAYOUTS = Number(process.env.PONDERA_PLAYOUTS ?? 60);
/** Plays of one process. */
const CHUNK = 500;

/** Random plays of OpenSpiel: at each step who acts, what is legal or what chance may do, and what each player knows. */
const PLAY = `
import json, random, re, sys
import pyspiel
name, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
game = pyspiel.load_game(name)
board = name in ('tic_tac_toe', 'connect_four', 'othello')
def cells(state):
    lines = str(state).splitlines()
    if name == 'othello': lines = [line[1:-1] for line in lines if line[:1].isdigit()]
    return re.sub('[^.xo]', '', ''.join(lines).replace('-', '.'))
def play():
    state, steps = game.new_initial_state(), []
    while not state.is_terminal():
        chance = state.is_chance_node()
        step = {'turn': 'chance' if chance else state.current_player()}
        if chance:
            step['outcomes'] = state.chance_outcomes()
            step['action'] = draw.choice(step['outcomes'])[0]
        else:
            step['legal'] = state.legal_actions()
            step['known'] = [state.information_state_string(player) for player in range(2)]
            if board: step['cells'] = cells(state)
            step['action'] = draw.choice(step['legal'])
        steps.append(step)
        state.apply_action(step['action'])
    return {'steps': steps, 'returns': state.returns(), 'cells': cells(state) if board else None}
print(json.dumps({'maxLength': game.max_game_length(), 'actions': game.num_distinct_actions(), 'plays': [play() for _ in range(count)]}))
`;

interface Plays {
  maxLength: number;
  actions: number;
  plays: {
    steps: {
      turn: number | 'chance';
      outcomes?: [number, number][];
      legal?: number[];
      known?: string[];
      cells?: string;
      action: number;
    }[];
    returns: number[];
    cells: string | null;
  }[];
}

const cellsOf = (game: Game) =>
  Array.from(game.observe(0) as Int32Array, (cell) => '.xo'[cell]).join('');

/** What the game says of a step that OpenSpiel played. */
function stepOf(game: Game, step: Plays['plays'][number]['steps'][number]) {
  const { action } = step;
  const turn = game.turn();
  if (turn === 'chance') {
    const outcomes = game.chanceOutcomes().map((one) => [one.action, one.probability]);
    return { turn, outcomes, action };
  }
  const known = [0, 1].map((player) => game.informationState(player));
  const cells = step.cells === undefined ? {} : { cells: cellsOf(game) };
  return { turn, legal: game.legalActions(), known, ...cells, action };
}

describe.skipIf(!installed)('as OpenSpiel', () => {
  it.each<[string, Game]>([
    ['tic_tac_toe', makeGame('TicTacToe-v0')],
    ['connect_four', makeGame('ConnectFour-v0')],
    ['othello', makeGame('Othello8-v0')],
    ['kuhn_poker', makeGame('Kuhn-v0')],
    ['leduc_poker', makeGame('Leduc-v0')],
  ])('%s: who acts, what is legal, what is known and what is won', { timeout: 0 }, (name, game) => {
    for (let done = 0; done < PLAYOUTS; done += CHUNK) {
      const count = Math.min(CHUNK, PLAYOUTS - done);
      const found = python(PLAY, name, String(count), String(done)) as Plays;
      expect(game.actionSpace.n).toBe(found.actions);
      expect(game.maxLength).toBeLessThanOrEqual(found.maxLength);
      for (const { steps, returns, cells } of found.plays) {
        game.begin();
        for (const step of steps) {
          expect(stepOf(game, step)).toEqual(step);
          game.apply(step.action);
        }
        expect(game.turn()).toBe('end');
        expect(game.returns()).toEqual(returns);
        if (cells !== null) expect(cellsOf(game)).toBe(cells);
      }
    }
  });
});
