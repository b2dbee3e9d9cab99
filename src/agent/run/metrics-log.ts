import { createReadStream } from 'node:fs';
import { AppendFile } from './append-file.ts';
import { errorCode } from './atomic.ts';
import { parseLine } from './parse-line.ts';

/** One line of metrics.jsonl. */
export interface MetricsRecord {
  /** Counts updates, rising from line to line. */
  update: number;
  [name: string]: unknown;
}

/**
 * metrics.jsonl: one JSON object per update, appended. NaN and ±Infinity, which JSON lacks, are
 * written as null.
 */
export class MetricsLog {
  readonly path: string;
  readonly #file: AppendFile;

  /** Opens the file for appending, or creates it. */
  constructor(path: string) {
    this.path = path;
    this.#file = new AppendFile(path);
  }

  /** Appends one line. Where the write fails, memory holds the line, and `sync` throws. */
  append(record: { update: number }): void {
    this.#file.append(JSON.stringify(record));
  }

  /**
   * Drops the lines after `update`, and a last line that a crash left incomplete. A resumed run calls it
   * with its checkpoint's update, so that its file equals that of an uninterrupted run.
   *
   * @throws Error naming the line where an earlier one is damaged
   */
  async truncateTo(update: number): Promise<void> {
    let end = 0;
    let lacksNewline = false;
    for await (const line of readLines(this.path)) {
      if (line.record === undefined || line.record.update > update) break;
      end = line.end;
      lacksNewline = !line.whole;
    }
    this.#file.truncate(end);
    if (lacksNewline) this.#file.append('');
  }

  /**
   * Waits until the lines are on the disk. Call it before a checkpoint, which must not be ahead of them.
   * @throws Error naming the file and the cause where they cannot be written
   */
  sync(): void {
    this.#file.sync();
  }

  /** @throws Error where writing the held lines fails again */
  close(): void {
    this.#file.close();
  }
}

/**
 * The records of a metrics.jsonl, without an incomplete last line; none where the file does not exist.
 *
 * @throws Error naming the line where one before the last is damaged
 */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  const records: MetricsRecord[] = [];
  try {
    for await (const { record } of readLines(path)) if (record) records.push(record);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return records;
}

/**
 * The record of each line (undefined where the last one is incomplete), whether a newline ends it, and
 * the offset of its end.
 */
async function* readLines(path: string) {
  let number = 0;
  let end = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk]);
    for (let length: number; (length = rest.indexOf('\n') + 1) > 0; rest = rest.subarray(length)) {
      const record = parseRecord(rest.toString('utf8', 0, length));
      number++;
      if (!record) throw new Error(`${path}:${number}: expected a JSON object with an update`);
      yield { record, whole: true, end: (end += length) };
    }
  }
  if (rest.length > 0) {
    yield { record: parseRecord(rest.toString()), whole: false, end: end + rest.length };
  }
}

/** The record of one line, or undefined where it is incomplete. */
export function parseRecord(line: string): MetricsRecord | undefined {
  return parseLine(line, 'update', 'number') as MetricsRecord | undefined;
}
