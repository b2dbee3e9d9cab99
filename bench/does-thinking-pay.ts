/**
 * One Markdown table of several studies: each way of each task, over its seeds, by the measure after the colon (success).
 *
 *     npx tsx bench/does-thinking-pay.ts runs/k-hop-study runs/recall-likelihood-study:return runs/text-study:nats
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spread } from '../src/agent/study/spread.ts';
import type { Study, Summary } from '../src/agent/study/summary.ts';
import { markdownTable } from './markdown.ts';

const MEASURES = ['success', 'return', 'nats'] as const;
const NONE = '–';

const studies = process.argv.slice(2);
if (studies.length === 0) throw new Error('expected directories of studies (`pondera study`)');

const rows = studies.flatMap((text) => {
  const [dir, name = 'success'] = text.split(':');
  const measure = MEASURES.find((one) => one === name);
  if (!measure) throw new Error(`${text}: expected one of ${MEASURES.join(', ')}, got ${name}`);
  const { name: task, summary } = JSON.parse(
    readFileSync(join(dir, 'study.json'), 'utf8'),
  ) as Study;
  return summary.map((row) => ({
    task: `${task}, ${measure}`,
    way: row.policy,
    'IQM [95 %]': interval(row[measure]),
    'ponder steps': mean(row, 'ponderSteps', 2),
    'MFLOP a decision': mean(row, 'megaflops', 3),
    'ms a decision': mean(row, 'milliseconds', 3),
    seeds: row.seeds,
  }));
});
console.log(markdownTable(rows));

function interval(value: Spread | null): string {
  if (value === null) return NONE;
  const [iqm, low, high] = [value.iqm, ...value.interval].map((one) => one.toFixed(3));
  return `${iqm} [${low}, ${high}]`;
}

function mean(row: Summary, figure: 'ponderSteps' | 'megaflops' | 'milliseconds', digits: number) {
  return row[figure]?.mean.toFixed(digits) ?? NONE;
}
