import { join } from 'node:path';
import type { UpdateMetrics } from '../events/events.ts';
import { parseRecord } from '../run/index.ts';
import { readTail } from './read-tail.ts';

/** Bytes at the end of metrics.jsonl in which `lastUpdate` looks; a line has a few kilobytes. */
const TAIL = 2 ** 16;

/** The last update of a run, from its metrics.jsonl; undefined where there is none yet. */
export async function lastUpdate(runDir: string): Promise<UpdateMetrics | undefined> {
  const lines = (await readTail(join(runDir, 'metrics.jsonl'), TAIL)).split('\n').reverse();
  for (const line of lines) {
    // A crash or the start of the tail may have cut a line.
    const metrics = parseRecord(line);
    if (metrics) return metrics as unknown as UpdateMetrics;
  }
  return undefined;
}
