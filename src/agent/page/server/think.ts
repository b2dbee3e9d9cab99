import { spawn } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { type Endpoint, jsonAnswer, type Page, WireError } from '../../../envs/net/index.ts';
import { ownCommand } from '../../common/own-command.ts';
import { errorCode } from '../../run/atomic.ts';
import { CheckpointStore } from '../../run/index.ts';
import type { RecordingFile } from './recording-file.ts';

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

/** The pages of the thought inspector: recordings of a run, and an episode played now. */
export function thinkPages(
  runs: RunDirs,
  { open, command = ownCommand(), patienceMs = 5000 }: ThinkOptions,
): { pages: Page[]; endpoints: Endpoint[] } {
  let playing = 0;
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
  const think: Endpoint = {
    path: '/v1/think',
    open,
    subprotocol: 'pondera.page',
    socket: async (socket, request) => {
      const { searchParams: query } = new URL(request.url!, 'http://localhost');
      const gone = new AbortController();
      socket.once('close', () => gone.abort());
      socket.on('error', () => gone.abort());
      try {
        const seed = seedIn(query);
        const dir = await dirOf(query);
        if (!(await new CheckpointStore(join(dir, 'checkpoints')).latest())) {
          throw new Error('the run has no checkpoint yet, so there is no policy to play');
        }
        if (playing >= MAX_PLAYING)
          throw new Error(
            `expected at most ${MAX_PLAYING} episodes in play at once; try again when one has ended`,
          );
        playing++;
        try {
          const args = [...command, 'record', dir, '--seed', seed, '--stdout'];
          await relay(args, socket, gone.signal, patienceMs);
        } finally {
          playing--;
        }
      } catch (error) {
        if (gone.signal.aborted) return;
        const problem = { type: 'problem', message: (error as Error).message };
        socket.send(JSON.stringify(problem));
      }
      socket.close(1000);
    },
  };
  return { pages: [list, recording], endpoints: [think] };
}

/** The most episodes in play: each needs a core. */
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

/**
 * Sends each line that a command prints as a message, as fast as the page receives them.
 * @throws Error with the end of the command's stderr if it fails
 */
async function relay(
  args: string[],
  socket: WebSocket,
  gone: AbortSignal,
  patienceMs: number,
): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-1000);
  });
  let kill: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    child.stdout.destroy();
    // An environment that does not answer would keep the process alive.
    kill = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  };
  gone.addEventListener('abort', end, { once: true });
  if (gone.aborted) end();
  try {
    let rest = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) await new Promise((sent) => socket.send(line, sent));
    }
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    gone.removeEventListener('abort', end);
  }
  const code = await closed;
  clearTimeout(kill);
  if (code !== 0) throw new Error(words.trim().replace(/^error: /, '') || `exit code ${code}`);
}
