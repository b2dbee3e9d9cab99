import type { UpdateMetrics } from '../../events/events.ts';
import { HISTOGRAM, type Row } from './columns.ts';
import { type EvaluationPoint, evaluationPoint } from './page-messages.ts';

/**
 * The numbers in a line of metrics.jsonl by their paths, such as `ponderSteps.mean`. Names leave out `timing.`, and the
 * row leaves out the lists of an evaluation. undefined if the line lacks its update or its environment steps.
 */
export function rowOf(line: object): Row | undefined {
  const row = new Map<string, number>();
  if ('phase' in line) row.set('released', Number(line.phase === 'released'));
  collect(line, '', row);
  return row.has('update') && row.has('envSteps') ? row : undefined;
}

function collect(value: object, path: string, row: Map<string, number>): void {
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry === 'number') row.set(path + key, entry);
    else if (Array.isArray(entry)) {
      if (!(path + key in LISTS)) continue;
      for (const [i, count] of entry.entries()) {
        if (typeof count === 'number') row.set(`${LISTS[path + key]}${i + 1}`, count);
      }
    } else if (typeof entry === 'object' && entry !== null) {
      collect(entry, key === 'timing' ? path : `${path}${key}.`, row);
    }
  }
}

/** Lists whose entries are columns, with the prefix of their names. */
const LISTS: Record<string, string> = { histogram: HISTOGRAM };

/** The evaluation in a line of metrics.jsonl; undefined if it has none with difficulties. */
export function evaluationOf(line: object): EvaluationPoint | undefined {
  const { update, envSteps, evaluation } = line as Partial<UpdateMetrics>;
  if (!evaluation?.byDifficulty?.length) return undefined;
  const { byDifficulty } = evaluation;
  return evaluationPoint.safeParse({ update, envSteps, byDifficulty }).data;
}
