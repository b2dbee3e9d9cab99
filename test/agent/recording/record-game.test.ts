import { beforeAll, expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { Person } from '../../../src/agent/match/person.ts';
import type { Position } from '../../../src/agent/recording/game-format.ts';
import { recordGame } from '../../../src/agent/recording/index.ts';
import type { RecordGameOptions } from '../../../src/agent/recording/record-game.ts';
import { recordingHeader, recordingLine } from '../../../src/agent/run/recording-format.ts';
import { type Game, makeGame } from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const agents: Record<string, Agent> = {};
beforeAll(async () => {
  const { backend, kernels } = tinyConfig();
  await loadBackend(backend, kernels);
  for (const id of ['TicTacToe-v0', 'Kuhn-v0']) {
    agents[id] = await Agent.create(tinyConfig({ env: { id } }), '.');
  }
});

type Line = { type?: string } & Record<string, unknown>;

/** Plays a game in which a person takes the first legal move, or does what `move` says. */
async function play(
  id: string,
  options: Partial<RecordGameOptions> = {},
  move = (person: Person, { moves }: Position) => person.move(moves[0].action),
  game: () => Game = () => makeGame(id),
) {
  const person = new Person();
  const lines: Line[] = [];
  const write = (text: string) => {
    const line: Line = JSON.parse(text);
    lines.push(line);
    // The game waits for the move once it has said where it stands.
    if (line.turn === 'person') queueMicrotask(() => move(person, line as never as Position));
  };
  await recordGame(agents[id], game, person, { seat: 0, seed: 3, ...options }, write);
  const positions = lines.filter(({ type }) => type === 'position') as never as Position[];
  const [header, ...recorded] = lines.filter(({ type }) => type !== 'position');
  recordingHeader.parse(header);
  for (const line of recorded) recordingLine.parse(line);
  return { lines, positions, kinds: lines.map(({ type, turn }) => turn ?? type ?? 'header') };
}

it('is positions, with each thought before the move that it led to', async () => {
  const { kinds, positions, lines } = await play('TicTacToe-v0', { seat: 1 });
  expect(kinds.slice(0, 6)).toEqual(['header', 'agent', 'decision', 'person', 'agent', 'decision']);
  expect(kinds.slice(-2)).toEqual(['end', 'end']);
  const [begin, answer, after] = positions;
  expect(begin).toEqual({
    ...{ type: 'position', seat: 1, turn: 'agent', played: [], moves: [], words: [] },
    board: { rows: 3, columns: 3, cells: Array(9).fill(0) },
  });
  const decision = lines.find(({ type }) => type === 'decision')!;
  const at = decision.action as number;
  const name = `row ${Math.floor(at / 3) + 1}, column ${(at % 3) + 1}`;
  expect(answer.played).toEqual([{ by: 0, move: { action: at, name, cells: [at] } }]);
  expect(answer.board!.cells).toEqual(Array(9).fill(0).with(at, 2));
  expect(answer.moves.map(({ action }) => action)).toEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((cell) => cell !== at),
  );
  expect(after.board!.cells).toEqual(answer.board!.cells.with(answer.moves[0].action, 1));
  const { end, played } = positions.at(-1)!;
  expect(end).toEqual({ return: expect.any(Number), resigned: false, hidden: [] });
  expect(lines.at(-2)).toMatchObject({ type: 'end', return: -end!.return });
  expect(played.map(({ by }) => by)).toEqual(played.map((_, i) => i % 2));
});

it('tells what is hidden at the end alone, thoughts too', async () => {
  const { kinds, positions, lines } = await play('Kuhn-v0');
  const { indexOf, lastIndexOf } = kinds;
  expect(indexOf.call(kinds, 'decision')).toBeGreaterThan(lastIndexOf.call(kinds, 'person'));
  const [{ words }] = positions;
  expect(words).toEqual([
    expect.stringMatching(/^card: [JQK]$/),
    'in the pot: 1 of who began, 1 of the other',
  ]);
  const { obs } = lines.find(({ type }) => type === 'decision')!;
  const card = `card: ${'JQK'[(obs as number[])[1]]}`;
  expect(words).not.toContain(card);
  expect(positions.at(-1)!.end!.hidden).toEqual([card]);
  const before = lines.slice(0, kinds.indexOf('decision'));
  expect(JSON.stringify(before.slice(1))).not.toContain(card);
});

it('goes on with the moves so far as if it had never stopped', async () => {
  for (const id of ['TicTacToe-v0', 'Kuhn-v0']) {
    const whole = await play(id, { deterministic: false });
    const played = whole.positions.at(-1)!.played.map(({ move }) => move.action);
    for (let n = 1; n < played.length; n++) {
      const rest = await play(id, { deterministic: false, moves: played.slice(0, n) });
      expect(rest.positions.at(-1)).toEqual(whole.positions.at(-1));
      const thoughts = (lines: Line[]) => lines.filter(({ type }) => type === 'decision');
      expect(thoughts(rest.lines)).toEqual(thoughts(whole.lines));
    }
  }
});

it('refuses moves that the run would not make again', async () => {
  const { positions } = await play('TicTacToe-v0', { seat: 1 });
  const [{ move }] = positions.at(-1)!.played;
  const moves = [(move.action + 1) % 9];
  await expect(play('TicTacToe-v0', { seat: 1, moves })).rejects.toThrow(
    `expected the run to move as before, ${moves[0]}, got ${move.action}: it has another checkpoint by now`,
  );
});

it('ends where the person gives up', async () => {
  const { positions } = await play('Kuhn-v0', {}, (person) => person.leave());
  const { turn, end, moves } = positions.at(-1)!;
  expect([turn, moves]).toEqual(['end', []]);
  expect(end).toMatchObject({ return: 0, resigned: true });
});

it('takes a move at the person’s turn alone, and a legal one', async () => {
  const person = new Person();
  expect(() => person.move(0)).toThrow('expected to wait for the other player, got the move 0');
  const game = makeGame('TicTacToe-v0');
  const chosen = person.choose(undefined, [4, 5], undefined as never, game);
  expect(() => person.move(3)).toThrow('expected a legal move, one of 4, 5, got 3');
  person.move(5);
  expect(await chosen).toBe(5);
  expect(() => person.move(4)).toThrow('expected to wait');
  person.leave();
  await expect(person.choose(undefined, [4], undefined as never, game)).rejects.toThrow(
    'the person has given up',
  );
});

it.each<[string, RegExp, () => Promise<unknown>]>([
  [
    'a seat too many',
    /seat: expected an integer in 0..1, got 2/,
    () => play('Kuhn-v0', { seat: 2 }),
  ],
  [
    'another game',
    /tiny: expected a run of Kuhn-v0, got one of TicTacToe-v0/,
    () => play('TicTacToe-v0', {}, undefined, () => makeGame('Kuhn-v0')),
  ],
  [
    'a game that shows itself to nobody',
    /TicTacToe-v0: expected a game of two players that a person can be shown \(view\)/,
    () => {
      const game = Object.assign(makeGame('TicTacToe-v0'), { view: undefined });
      return play('TicTacToe-v0', {}, undefined, () => game);
    },
  ],
])('is refused: %s', async (_, message, begin) => {
  await expect(begin()).rejects.toThrow(message);
});

it('is played by search too, where the run decides by it', async () => {
  const id = 'TicTacToe-v0';
  const search = { decider: 'search', search: { simulations: 8 } };
  agents.search = await Agent.create(tinyConfig({ env: { id }, ...search }), '.');
  const { lines, positions } = await play('search', { seat: 1 }, undefined, () => makeGame(id));
  const [first] = lines.filter(({ type }) => type === 'decision');
  expect(first.action).toBe(positions[1].played[0].move.action);
  expect((first.thought as { steps: unknown[] }).steps.length).toBeGreaterThan(0);
  expect(positions.at(-1)!.turn).toBe('end');
});
