import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { updateStatistics } from '../../algorithms/update-statistics.ts';

/** What the updates of a run report of learning: the meaning of each column; nothing where its config is missing. */
export async function runStatistics(dir: string): Promise<Record<string, string>> {
  const text = await readFile(join(dir, 'config.resolved.yaml'), 'utf8').catch(() => '');
  const { algorithm, halting } = parse(text) ?? {};
  return updateStatistics({ algorithm, halting: { rule: halting?.rule } });
}
