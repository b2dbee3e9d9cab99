import { dataTable, formatNumber, formatPercent, heatMap } from './charts.ts';
import { sample, TABLE_ROWS, thin } from './condense.ts';
import { releaseMarker } from './learning-curve.ts';
import type { ReportData } from './report-data.ts';
import { none, section } from './section.ts';

/** The most columns of the heat map. */
const HEAT_COLUMNS = 96;

/** The section with the numbers of ponder steps over training. */
export function stepDistribution(data: ReportData): string {
  const title = 'Ponder steps over training';
  const about =
    'Of the decisions whose depth was the agent’s own choice, the share that took each number of ponder steps; the line is their mean.';
  const rows = data.histograms.reduce((most, { counts }) => Math.max(most, counts.length), 0);
  const columns = thin(data.histograms, HEAT_COLUMNS, (group) => {
    const counts = Array.from({ length: rows }, (_, i) =>
      group.reduce((sum, histogram) => sum + (histogram.counts[i] ?? 0), 0),
    );
    const total = counts.reduce((a, b) => a + b, 0);
    const shares = counts.map((count) => (total > 0 ? count / total : 0));
    const weighted = shares.reduce((sum, share, i) => sum + share * (i + 1), 0);
    return { step: group[group.length - 1].step, shares, mean: total > 0 ? weighted : null };
  });
  const last = columns.findLast((column) => column.mean !== null);
  if (!last) return section(title, about, none('No free decision has been recorded yet.'));
  const darkest = Math.max(...columns.flatMap(({ shares }) => shares));
  const chart = heatMap({
    id: 'distribution',
    title: 'Distribution of ponder steps over training',
    description: `In the end a decision takes ${formatNumber(last.mean)} ponder steps on average: ${last.shares.map((share, i) => `${i + 1}: ${formatPercent(share)}`).join('; ')}.`,
    columns,
    rows,
    darkest,
    marker: releaseMarker(data),
  });
  const key = `<ul class="legend"><li>0 %<span class="scale"></span>${formatPercent(darkest)} of decisions</li><li><span class="swatch line ink"></span>mean</li></ul>`;
  const table = dataTable(
    'Numbers',
    ['to step', 'mean', ...Array.from({ length: rows }, (_, i) => `${i + 1}`)],
    sample(columns, TABLE_ROWS).map((column) => [
      column.step,
      column.mean,
      ...column.shares.map((share) => formatPercent(column.mean === null ? null : share)),
    ]),
  );
  return section(title, about, key + chart + table);
}
