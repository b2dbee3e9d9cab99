import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { spaceFromJson } from '../../envs/index.ts';
import {
  RECORDING_VERSION,
  type RecordingHeader,
  type RecordingLine,
  recordingHeader,
  recordingLine,
} from './recording-format.ts';

/** A recording of episodes (docs/recordings.md). */
export interface Recording {
  /** The run, its policy and its spaces. */
  header: RecordingHeader;
  /** The decisions and ends of episodes, in the order they happened. */
  lines: RecordingLine[];
}

/** Says that a recording cannot be read; the message names the file, the line and the reason. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/**
 * Reads a recording (docs/recordings.md). It leaves out a last line without a newline, which is still being written.
 *
 * ```ts
 * import { readRecording } from 'pondera';
 *
 * const { header, lines } = await readRecording('runs/k-hop/recordings/1.jsonl');
 * const decisions = lines.filter((line) => line.type === 'decision');
 * console.log(header.env, decisions.map(({ thought }) => thought.steps.length));
 * ```
 *
 * @param path of the JSONL file
 * @throws RecordingError for a damaged line, or a version newer than this package
 */
export async function readRecording(path: string): Promise<Recording> {
  const [first, ...rest] = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  const header = readHeader(first ?? '', path);
  return { header, lines: rest.map((text, i) => parsed(text, recordingLine, `${path}:${i + 2}`)) };
}

const anyVersion = z.looseObject({ format: z.literal('pondera-recording'), version: z.int() });

function readHeader(text: string, path: string): RecordingHeader {
  const where = `${path}:1`;
  const { version, pondera } = parsed(text, anyVersion, where);
  if (version > RECORDING_VERSION) {
    throw new RecordingError(
      `${where}: expected a recording of version ${RECORDING_VERSION}, got ${version}: ` +
        `Pondera ${pondera} wrote it; update Pondera to read it`,
    );
  }
  const header = parsed(text, recordingHeader, where);
  try {
    spaceFromJson(header.spaces.observation);
    spaceFromJson(header.spaces.action);
  } catch (cause) {
    throw new RecordingError(`${where}: ${(cause as Error).message}`, { cause });
  }
  return header;
}

function parsed<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordingError(`${where}: ${(cause as Error).message}`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new RecordingError(`${where}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
}
