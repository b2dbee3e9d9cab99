import { join } from 'node:path';
import type { UpdateMetrics } from '../events/events.ts';
import { parseRecord } from '../run/index.ts';
import { readTail } from './read-tail.ts';

/** Bytes from the end of metrics.jsonl that are looked through; a line has a few kilobytes. */
const TAIL = 2 ** 16;

/** The last update of a run, as its metrics.jsonl has it; undefined where there is none yet. */
export async function lastUpdate(runDir: string): Promise<UpdateMetrics | undefined> {
  const lines = (await readTail(join(runDir, 'metrics.jsonl'), TAIL)).split('\n').reverse();
  for (const line of lines) {
    // Some are torn, or cut by where the tail begins.
    const metrics = parseRecord(line);
    if (metrics) return metrics as unknown as UpdateMetrics;
  }
  return undefined;
}
