import { columnChart, dataTable, formatNumber, formatPercent } from './charts.ts';
import { finite } from './condense.ts';
import type { ReportData } from './report-data.ts';
import { none, section } from './section.ts';

/** The section with the ponder steps taken at each difficulty. */
export function difficulty({ byDifficulty }: ReportData): string {
  const title = 'Ponder steps by difficulty';
  const about = 'Does it think longer where the task is harder, and does that pay?';
  if (byDifficulty.length === 0) {
    return section(title, about, none('No decision had a stated difficulty.'));
  }
  const charts = besideSuccess({
    id: 'difficulty-steps',
    heading: 'Mean ponder steps',
    title: 'Mean ponder steps by difficulty',
    by: 'difficulty',
    rows: byDifficulty.map(({ difficulty, ponderSteps, successRate }) => ({
      label: formatNumber(difficulty),
      value: ponderSteps,
      text: `difficulty ${difficulty}: ${formatNumber(ponderSteps)} steps`,
      successRate,
    })),
  });
  const table = dataTable(
    'Numbers',
    ['difficulty', 'decisions', 'ponder steps', 'success rate'],
    byDifficulty.map((row) => [
      row.difficulty,
      row.decisions,
      row.ponderSteps,
      formatPercent(row.successRate),
    ]),
  );
  return section(title, about, charts + table);
}

/** The section with the return at each forced number of ponder steps. */
export function forcedDepth({ forcedDepth }: ReportData): string {
  const title = 'Return forced to each depth';
  const about =
    'What the same policy earns when every decision takes exactly so many ponder steps: whether each exit is a policy in its own right, and what thinking longer buys.';
  if (forcedDepth.length === 0) return section(title, about, none('No depth was forced.'));
  const charts = besideSuccess({
    id: 'forced-return',
    heading: 'Return',
    title: 'Return by forced ponder steps',
    by: 'forced ponder steps',
    rows: forcedDepth.map((row) => ({
      label: String(row.ponderSteps),
      value: row.return,
      text: `${row.ponderSteps} steps: ${formatNumber(row.return)}`,
      successRate: row.successRate,
    })),
  });
  const table = dataTable(
    'Numbers',
    ['ponder steps', 'return', 'success rate'],
    forcedDepth.map((row) => [row.ponderSteps, row.return, formatPercent(row.successRate)]),
  );
  return section(title, about, charts + table);
}

interface Row {
  label: string;
  value: number;
  /** The value in words, for those who cannot see the chart. */
  text: string;
  successRate: number | null;
}

/** A chart of values and one of success rates, side by side where the page is wide enough. */
function besideSuccess(chart: {
  id: string;
  heading: string;
  title: string;
  by: string;
  rows: readonly Row[];
}): string {
  const { id, heading, title, by, rows } = chart;
  const labels = rows.map(({ label }) => label);
  const rates = rows.map(({ successRate }) => successRate);
  const common = { labels, height: 180, xTitle: by };
  const values = columnChart({
    ...common,
    id,
    title,
    description: rows.map(({ text }) => text).join('; '),
    values: rows.map(({ value }) => finite(value)),
    color: 'c1',
  });
  const success = rates.every((rate) => rate === null)
    ? none('No success was reported.')
    : columnChart({
        ...common,
        id: `${by.replaceAll(' ', '-')}-success`,
        title: `Success rate by ${by}`,
        description: labels.map((label, i) => `${label}: ${formatPercent(rates[i])}`).join('; '),
        values: rates,
        color: 'c3',
        format: formatPercent,
        top: 1,
      });
  return `<div class="panels"><div><h3>${heading}</h3>${values}</div><div><h3>Success rate</h3>${success}</div></div>`;
}
