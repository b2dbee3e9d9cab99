import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonAnswer, type Page, WireError } from '../../../envs/net/index.ts';
import { errorCode } from '../../run/atomic.ts';
import type { RecordingFile } from './recording-file.ts';

/**
 * The list of a run's recordings, and one of them.
 * @param dirOf gives the directory of the run that is asked for
 * @param open true shows them without a token
 */
export function recordingPages(
  dirOf: (query: URLSearchParams) => Promise<string>,
  open: boolean,
): Page[] {
  return [
    {
      path: '/v1/recordings',
      open,
      body: async ({ query }) => jsonAnswer(await recordingsIn(await dirOf(query))),
    },
    {
      path: '/v1/recording',
      open,
      body: async ({ query }) => {
        const path = await recordingIn(await dirOf(query), query.get('file') ?? '');
        return { type: 'application/x-ndjson', data: await readFile(path) };
      },
    },
  ];
}

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
