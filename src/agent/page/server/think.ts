import type { WebSocket } from 'ws';
import type { z } from 'zod';
import { type Endpoint, type Page, readMessage, WireError } from '../../../envs/net/index.ts';
import { ownCommand } from '../../common/own-command.ts';
import { commandEndpoint, Room } from './command-endpoint.ts';
import {
  type GameRequest,
  gameMessage,
  gameRequest,
  type TextRequest,
  textRequest,
} from './page-messages.ts';
import { recordingPages } from './recording-pages.ts';

/** Finds runs. */
export interface RunDirs {
  /** The directory of a run; undefined if no run has that name. */
  dirOf(run: string): Promise<string | undefined>;
}

export interface ThinkOptions {
  /** True shows the runs without a token. */
  open: boolean;
  /** Node.js's arguments for `pondera`; this package's own unless given. */
  command?: readonly string[];
  /** How long an episode may take to end after its page has left, in ms; 5000 unless given. */
  patienceMs?: number;
  /** How long a game waits for its person, in ms; 15 minutes unless given. */
  idleMs?: number;
}

/** What a page asks of a run's policy: its recordings, an episode or a text that is made now, a game against a person. */
export function thinkPages(
  runs: RunDirs,
  { open, command = ownCommand(), patienceMs = 5000, idleMs = 15 * 60_000 }: ThinkOptions,
): { pages: Page[]; endpoints: Endpoint[] } {
  const dirOf = async (query: URLSearchParams): Promise<string> => {
    const run = query.get('run') ?? '';
    const dir = await runs.dirOf(run);
    if (dir === undefined) throw new WireError('NOT_FOUND', `no run is named ${run}`);
    return dir;
  };
  const options = { open, command, patienceMs, dirOf };
  const room = new Room(MAX_PLAYING, 'episodes and texts');
  const think = commandEndpoint(
    {
      ...{ path: '/v1/think', room },
      args: (query) => ['record', '--seed', seedIn(query), '--stdout'],
    },
    options,
  );
  const generate = commandEndpoint(
    {
      ...{ path: '/v1/generate', room },
      args: async (_, socket) => generateArgs(await firstOf(socket, textRequest)),
    },
    options,
  );
  const play = commandEndpoint(
    {
      path: '/v1/play',
      room: new Room(MAX_GAMES, 'games'),
      args: async (_, socket) => challengeArgs(await firstOf(socket, gameRequest)),
      told: {
        line: (message) => JSON.stringify(readMessage(gameMessage, jsonIn(message))),
        patienceMs: idleMs,
        late: `the game has ended, since no move came for ${Math.round(idleMs / 60_000)} minutes`,
      },
    },
    options,
  );
  return { pages: recordingPages(dirOf, open), endpoints: [think, generate, play] };
}

/** The most episodes and texts in play: each needs a core. */
const MAX_PLAYING = 2;
/** The most games in play: most of the time each waits for its person. */
const MAX_GAMES = 4;

function seedIn(query: URLSearchParams): string {
  const seed = query.get('seed') ?? '0';
  if (!/^\d{1,10}$/.test(seed))
    throw new Error('seed: expected an integer ≥ 0 of at most 10 digits');
  return seed;
}

/** What a page asks for: its first message, since a prompt may be too long for an address. */
async function firstOf<T extends z.ZodType>(socket: WebSocket, schema: T): Promise<z.output<T>> {
  const message = await new Promise<string>((resolve, reject) => {
    socket.once('message', (data) => resolve(data.toString()));
    socket.once('close', () => reject(new Error('the page has left')));
  });
  return readMessage(schema, jsonIn(message));
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('expected a message as JSON');
  }
}

/** Each with its value in one argument, so that no text is taken for an option. */
function generateArgs({ prompt, maxTokens, temperature, seed, maxSteps, stop }: TextRequest) {
  return [
    ...['generate', `--prompt=${prompt}`, `--max-tokens=${maxTokens}`],
    ...[`--temperature=${temperature}`, `--seed=${seed}`],
    ...(maxSteps === undefined ? [] : [`--max-steps=${maxSteps}`]),
    ...(stop === undefined ? [] : [`--stop=${stop}`]),
    '--recording',
  ];
}

function challengeArgs({ seat, seed, moves }: GameRequest): string[] {
  return [
    ...['challenge', `--seat=${seat}`, `--seed=${seed}`, '--json'],
    ...(moves.length > 0 ? [`--moves=${moves.join(',')}`] : []),
  ];
}
