import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gameText, typedMove } from '../../../src/agent/cli/game-text.ts';
import { ownCommand } from '../../../src/agent/common/own-command.ts';
import { train } from '../../../src/agent/index.ts';
import type { Position } from '../../../src/agent/recording/game-format.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-challenge-'));
  const short = { train: { totalSteps: 32 }, evaluation: { episodes: 0, everyUpdates: 0 } };
  await train(tinyConfig({ ...short, env: { id: 'TicTacToe-v0' } }), { runDir: join(dir, 'game') });
  await train(tinyConfig(short), { runDir: join(dir, 'none') });
}, 60_000);
afterAll(() => rm(dir, { recursive: true }));

/** Runs the command; `answer` gives the next line that it reads for all that it has printed, or undefined. */
async function challenge(run: string, answer: (printed: string) => string | undefined = () => '') {
  const child = spawn(process.execPath, [...ownCommand(), 'challenge', join(dir, run)]);
  let [printed, complaint] = ['', ''];
  child.stderr.on('data', (chunk) => (complaint += chunk));
  child.stdout.on('data', (chunk) => {
    printed += chunk;
    const line = answer(printed);
    if (line === undefined) child.stdin.end();
    else if (line !== '') child.stdin.write(`${line}\n`);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, printed, complaint };
}

it('is a game in a terminal: the board, what the run does and thinks, and who has won', async () => {
  let asked = 0;
  const { code, printed } = await challenge('game', (printed) => {
    const questions = [...printed.matchAll(/Your move, or resign: (\d)/g)];
    if (questions.length === asked) return '';
    asked = questions.length;
    return questions.at(-1)![1];
  });
  expect(code).toBe(0);
  expect(printed).toMatch(
    /^\n\. \. \.\n\. \. \.\n\. \. \.\nYour move, or resign: 0 \(row 1, column 1\), 1/,
  );
  expect(printed).toMatch(
    /It thought for \d ponder steps?; value -?\d+\.\d+\.\nIt plays row \d, column \d\.\n/,
  );
  expect(printed).toMatch(/(You won|You lost|A draw): return -?\d\.\n$/);
});

it('is given up where the person can say no more', async () => {
  const { code, printed } = await challenge('game', () => undefined);
  expect([code, printed.endsWith('You gave up.\n')]).toEqual([0, true]);
});

it('is refused by a run of no game', async () => {
  const { code, complaint } = await challenge('none');
  expect(code).toBe(2);
  expect(complaint).toContain('expected a run of a built-in game, one of TicTacToe-v0');
});

it('reads a move, or giving up', () => {
  expect([typedMove(' 12 ', false), typedMove('resign', false)]).toEqual([12, 'resign']);
  expect(typedMove('{"t":"move","action":3}', true)).toBe(3);
  expect(typedMove('{"t":"resign"}', true)).toBe('resign');
  expect(() => typedMove('a4', false)).toThrow(
    'expected the number of a move, or resign, got "a4"',
  );
  expect(() => typedMove('{}', true)).toThrow(/^expected a move or resign: /);
});

it('tells at its end what was hidden', () => {
  const end = { return: -1, resigned: false, hidden: ['card: K'] };
  const played = [{ by: 1, move: { action: 1, name: 'bet', cells: [] } }];
  const words = ['card: J'];
  const position: Position = {
    type: 'position',
    seat: 0,
    turn: 'end',
    words,
    moves: [],
    played,
    end,
  };
  expect(gameText(position)).toBe(
    'It plays bet.\n\ncard: J\nIt had card: K.\nYou lost: return -1.\n',
  );
  // The last move was told before the person gave up.
  expect(gameText({ ...position, end: { ...end, resigned: true } })).toBe(
    '\ncard: J\nIt had card: K.\nYou gave up.\n',
  );
});
