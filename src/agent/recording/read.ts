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

export interface Recording {
  header: RecordingHeader;
  lines: RecordingLine[];
}

/** A recording that cannot be read: where and why. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/**
 * Reads a recording. A last line without a newline is one that was being written: it is left out.
 * @throws RecordingError naming the file and the line that is damaged, or a version that is not read here
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
        `written by a newer Pondera (${pondera}); update to read it`,
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
