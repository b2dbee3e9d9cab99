import { readMessage } from '../../envs/net/index.ts';
import { UsageError } from '../common/errors.ts';
import { counted, decimal } from '../common/numbers.ts';
import { gameMessage } from '../page/server/page-messages.ts';
import type { Position } from '../recording/game-format.ts';
import type { RecordedDecision } from '../run/recording-format.ts';

/** Signs of cells: empty, the person's and the agent's. */
const SIGNS = '.xo';

/** A line of a game as a person at a terminal reads it; empty for one that says nothing new. */
export function gameText(line: Position | RecordedDecision | { type?: unknown }): string {
  if (line.type === 'decision') return thoughtText(line as RecordedDecision);
  return line.type === 'position' ? positionText(line as Position) : '';
}

function thoughtText({ thought: { steps } }: RecordedDecision): string {
  return `It thought for ${counted(steps.length, 'ponder step')}; value ${decimal(steps.at(-1)!.value)}.\n`;
}

function positionText({ board, words, moves, turn, played, seat, end }: Position): string {
  const last = played.at(-1);
  const text = [
    // Who gives up has read its last move before.
    ...(last && last.by !== seat && !end?.resigned ? [`It plays ${last.move.name}.`] : []),
    ...(turn === 'agent' ? [] : ['', ...(board ? boardLines(board) : []), ...words]),
    ...(turn === 'person'
      ? [
          `Your move, or resign: ${moves.map(({ action, name }) => `${action} (${name})`).join(', ')}`,
        ]
      : []),
    ...(end ? [...end.hidden.map((one) => `It had ${one}.`), resultText(end)] : []),
  ];
  return text.map((one) => `${one}\n`).join('');
}

function boardLines({ rows, columns, cells }: NonNullable<Position['board']>): string[] {
  return Array.from({ length: rows }, (_, row) =>
    cells
      .slice(row * columns, (row + 1) * columns)
      .map((cell) => SIGNS[cell])
      .join(' '),
  );
}

function resultText({ return: won, resigned }: NonNullable<Position['end']>): string {
  if (resigned) return 'You gave up.';
  const how = won > 0 ? 'You won' : won < 0 ? 'You lost' : 'A draw';
  return `${how}: return ${won}.`;
}

/** What a person has typed, or a program said. @throws UsageError where it is no move */
export function typedMove(line: string, json: boolean): number | 'resign' {
  if (json) {
    const message = told(line);
    return message.t === 'resign' ? 'resign' : message.action;
  }
  const text = line.trim();
  if (text === 'resign') return text;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`expected the number of a move, or resign, got "${text.slice(0, 100)}"`);
}

function told(line: string) {
  try {
    return readMessage(gameMessage, JSON.parse(line));
  } catch (error) {
    throw new UsageError(`expected a move or resign: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
