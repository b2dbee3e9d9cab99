import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { updateStatistics } from '../../algorithms/update-statistics.ts';

/** The statistics of a run's updates: meanings by name. Empty if the run has no config file. */
export async function runStatistics(dir: string): Promise<Record<string, string>> {
  const text = await readFile(join(dir, 'config.resolved.yaml'), 'utf8').catch(() => '');
  const { algorithm, halting } = parse(text) ?? {};
  return updateStatistics({ algorithm, halting: { rule: halting?.rule } });
}
