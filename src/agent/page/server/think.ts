import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import {
  type Endpoint,
  jsonAnswer,
  type Page,
  readMessage,
  WireError,
} from '../../../envs/net/index.ts';
import { ownCommand } from '../../common/own-command.ts';
import { errorCode } from '../../run/atomic.ts';
import { CheckpointStore } from '../../run/index.ts';
import { type TextRequest, textRequest } from './page-messages.ts';
import type { RecordingFile } from './recording-file.ts';
import { relayCommand } from './relay-command.ts';

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
}

/** The pages of the thought inspector: recordings of a run, and an episode or a text that is made now. */
export function thinkPages(
  runs: RunDirs,
  { open, command = ownCommand(), patienceMs = 5000 }: ThinkOptions,
): { pages: Page[]; endpoints: Endpoint[] } {
  let atPlay = 0;
  const dirOf = async (query: URLSearchParams): Promise<string> => {
    const run = query.get('run') ?? '';
    const dir = await runs.dirOf(run);
    if (dir === undefined) throw new WireError('NOT_FOUND', `no run is named ${run}`);
    return dir;
  };
  const list: Page = {
    path: '/v1/recordings',
    open,
    body: async ({ query }) => jsonAnswer(await recordingsIn(await dirOf(query))),
  };
  const recording: Page = {
    path: '/v1/recording',
    open,
    body: async ({ query }) => {
      const path = await recordingIn(await dirOf(query), query.get('file') ?? '');
      return { type: 'application/x-ndjson', data: await readFile(path) };
    },
  };
  /** An endpoint of which a command prints the messages. @param commandOf gives its arguments beside the run's directory */
  const playing = (path: string, commandOf: CommandOf): Endpoint => ({
    ...{ path, open, subprotocol: 'pondera.page' },
    socket: async (socket, request) => {
      const { searchParams: query } = new URL(request.url!, 'http://localhost');
      const gone = new AbortController();
      socket.once('close', () => gone.abort());
      socket.on('error', () => gone.abort());
      try {
        const [name, ...args] = await commandOf(query, socket);
        const dir = await dirOf(query);
        if (!(await new CheckpointStore(join(dir, 'checkpoints')).latest())) {
          throw new Error('the run has no checkpoint yet, so there is no policy to play');
        }
        if (atPlay >= MAX_PLAYING)
          throw new Error(
            `expected at most ${MAX_PLAYING} episodes and texts in play at once; try again when one has ended`,
          );
        atPlay++;
        try {
          await relayCommand([...command, name, dir, ...args], socket, gone.signal, patienceMs);
        } finally {
          atPlay--;
        }
      } catch (error) {
        if (gone.signal.aborted) return;
        const problem = { type: 'problem', message: (error as Error).message };
        socket.send(JSON.stringify(problem));
      }
      socket.close(1000);
    },
  });
  const think = playing('/v1/think', (query) => ['record', '--seed', seedIn(query), '--stdout']);
  const generate = playing('/v1/generate', async (_, socket) => generateArgs(await textIn(socket)));
  return { pages: [list, recording], endpoints: [think, generate] };
}

/** Gives a command's name and its arguments. @throws Error where a page asked for what there is not */
type CommandOf = (query: URLSearchParams, socket: WebSocket) => string[] | Promise<string[]>;

/** The most episodes and texts in play: each needs a core. */
const MAX_PLAYING = 2;
const NAME = /^[\w.-]+\.jsonl$/;

async function recordingsIn(dir: string): Promise<RecordingFile[]> {
  const folder = join(dir, 'recordings');
  const names = await readdir(folder).catch((error) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(
    names
      .filter((name) => NAME.test(name))
      .map(async (file) => {
        const { size, mtimeMs } = await stat(join(folder, file));
        return { file, bytes: size, writtenAt: mtimeMs };
      }),
  );
  return files.sort((a, b) => b.writtenAt - a.writtenAt);
}

/** The path of a recording. @throws WireError NOT_FOUND if the list has no file of this name */
async function recordingIn(dir: string, file: string): Promise<string> {
  const known = await recordingsIn(dir);
  if (known.some((recording) => recording.file === file)) return join(dir, 'recordings', file);
  throw new WireError('NOT_FOUND', `no recording is named ${file.slice(0, 100)}`);
}

function seedIn(query: URLSearchParams): string {
  const seed = query.get('seed') ?? '0';
  if (!/^\d{1,10}$/.test(seed))
    throw new Error('seed: expected an integer ≥ 0 of at most 10 digits');
  return seed;
}

/** What a page wants written: its first message, since a prompt may be too long for an address. */
async function textIn(socket: WebSocket): Promise<TextRequest> {
  const message = await new Promise<string>((resolve, reject) => {
    socket.once('message', (data) => resolve(data.toString()));
    socket.once('close', () => reject(new Error('the page has left')));
  });
  return readMessage(textRequest, jsonIn(message));
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('expected a text as JSON');
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
