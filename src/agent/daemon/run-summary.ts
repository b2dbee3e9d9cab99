import { join } from 'node:path';
import type { UpdateMetrics } from '../events.ts';
import { readTail } from './read-tail.ts';

/** Bytes from the end of metrics.jsonl that are looked through; a line has a few kilobytes. */
const TAIL = 2 ** 16;

/** The last update of a run, as its metrics.jsonl has it; undefined where there is none yet. */
export async function lastUpdate(runDir: string): Promise<UpdateMetrics | undefined> {
  const lines = (await readTail(join(runDir, 'metrics.jsonl'), TAIL)).split('\n').reverse();
  for (const line of lines) {
    try {
      const metrics = JSON.parse(line);
      if (typeof metrics?.update === 'number') return metrics;
    } catch {
      // Torn, or cut by where the tail begins.
    }
  }
  return undefined;
}
