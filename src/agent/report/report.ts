import {
  bar,
  type Cell,
  columnChart,
  dataTable,
  escapeHtml,
  formatNumber,
  formatPercent,
  heatMap,
  legend,
  lineChart,
  type Marker,
  type Series,
} from './charts.ts';
import { reportStyle } from './report-style.ts';

/** The contents of report.html; a section with an empty list says that there is nothing to show. */
export interface ReportData {
  title: string;
  env: string;
  seed: number;
  /** Shown unchanged. */
  createdAt?: string;
  /** Steps, decisions and the final numbers of the run. */
  summary: [label: string, value: Cell][];
  /** Training, one entry per update; `step` counts environment steps here and below. */
  curve: { step: number; return: number | null; netReturn: number | null }[];
  evaluations: { step: number; return: number; netReturn: number }[];
  /** The environment step at which the halting head was released. */
  releasedAt?: number;
  /** `counts[i]` is the number of unforced decisions with `i + 1` ponder steps. */
  histograms: { step: number; counts: number[] }[];
  byDifficulty: {
    difficulty: number;
    decisions: number;
    successRate: number | null;
    ponderSteps: number;
  }[];
  forcedDepth: { ponderSteps: number; return: number; successRate: number | null }[];
  thought?: WorkedThought;
  /** The statistics of the last update, each with its meaning. */
  statistics: { name: string; meaning: string; value: number | null }[];
  configYaml: string;
}

/** One decision, step by step. */
export interface WorkedThought {
  obs: string;
  difficulty?: number;
  /** `halt` is null where the halting head had no influence on the step. */
  trace: { halt: number | null; value: number; actions: number[] }[];
  actionLabels: string[];
  /** The kind of the numbers in `actions`. */
  describes: 'probabilities' | 'means' | 'values' | 'parts';
  action: string;
}

/** The most points of a curve, columns of a heat map and rows of a table on the page. */
const CURVE_POINTS = 400;
const HEAT_COLUMNS = 96;
const TABLE_ROWS = 25;
const ACTIONS_SHOWN = 8;

/**
 * Renders the report of a run as one self-contained page: inline styles and SVG, no script, no
 * requests to other hosts; light and dark.
 */
export function renderReport(data: ReportData): string {
  const facts = [`Environment ${data.env}`, `seed ${data.seed}`, data.createdAt];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(data.title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(data.title)}</h1>
<p>${escapeHtml(facts.filter((fact) => fact !== undefined).join(' · '))}</p>
${summary(data)}
</header>
${learningCurve(data)}
${difficulty(data)}
${distribution(data)}
${forcedDepth(data)}
${thought(data)}
${statistics(data)}
${config(data)}
</main>
</body>
</html>
`;
}

function section(title: string, about: string, body: string): string {
  return `<section>\n<h2>${title}</h2>\n<p>${about}</p>\n${body}\n</section>`;
}

function none(text: string): string {
  return `<p class="none">${text}</p>`;
}

function summary({ summary }: ReportData): string {
  if (summary.length === 0) return none('No results were recorded.');
  const items = summary.map(([label, value]) => {
    const text = typeof value === 'string' ? value : formatNumber(value);
    return `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(text)}</dd></div>`;
  });
  return `<dl class="summary">${items.join('')}</dl>`;
}

function releaseMarker({ releasedAt }: ReportData): Marker | undefined {
  return releasedAt === undefined ? undefined : { x: releasedAt, label: 'halting head released' };
}

function learningCurve(data: ReportData): string {
  const curve = thin(data.curve, CURVE_POINTS, (group) => ({
    step: group[group.length - 1].step,
    return: mean(group.map((update) => update.return)),
    netReturn: mean(group.map((update) => update.netReturn)),
  }));
  const evaluations = data.evaluations.map((evaluation) => ({
    ...evaluation,
    return: finite(evaluation.return),
    netReturn: finite(evaluation.netReturn),
  }));
  const all: Series[] = [
    line('return', 'c1', 'line', curve, 'return'),
    line('net return', 'c2', 'line', curve, 'netReturn'),
    line('return, evaluation', 'c1', 'dots', evaluations, 'return'),
    line('net return, evaluation', 'c2', 'rings', evaluations, 'netReturn'),
  ];
  const series = all.filter(({ points }) => points.some(([, y]) => y !== null));
  const about =
    'Mean return per episode, and net of the price of pondering. Evaluations run on environments of their own.';
  const notes = [
    curve.length < data.curve.length
      ? `Each point of the lines is the mean of up to ${Math.ceil(data.curve.length / curve.length)} updates.`
      : '',
    data.evaluations.length === 0 ? 'No evaluation was made.' : '',
    data.releasedAt === undefined ? 'No release of the halting head was recorded.' : '',
  ].filter(Boolean);
  const footer = notes.length > 0 ? `<p class="note">${notes.join(' ')}</p>` : '';
  if (series.length === 0) {
    const why =
      data.curve.length > 0 ? 'No episode has ended yet.' : 'No update has been recorded yet.';
    return section('Learning curve', about, none(why) + footer);
  }
  const last = curve.findLast((point) => point.return !== null);
  const chart = lineChart({
    id: 'curve',
    title: 'Return over environment steps',
    description: last
      ? `The return in training ends at ${formatNumber(last.return)}, the net return at ${formatNumber(last.netReturn)}, at step ${formatNumber(last.step)}.`
      : `${data.evaluations.length} evaluations.`,
    series,
    marker: releaseMarker(data),
  });
  const head = ['step', 'return', 'net return'];
  const rows = (points: typeof curve) => points.map((p) => [p.step, p.return, p.netReturn]);
  const tables = [
    curve.length > 0 ? dataTable('Numbers: training', head, rows(sample(curve, TABLE_ROWS))) : '',
    evaluations.length > 0 ? dataTable('Numbers: evaluation', head, rows(evaluations)) : '',
  ];
  return section('Learning curve', about, chart + footer + tables.join(''));
}

function line<K extends 'return' | 'netReturn'>(
  label: string,
  color: Series['color'],
  kind: Series['kind'],
  points: readonly ({ step: number } & Record<K, number | null>)[],
  key: K,
): Series {
  return { label, color, kind, points: points.map((point) => [point.step, point[key]]) };
}

function difficulty({ byDifficulty }: ReportData): string {
  const title = 'Ponder steps by difficulty';
  const about = 'Does it think longer where the task is harder, and does that pay?';
  if (byDifficulty.length === 0) {
    return section(title, about, none('No decision had a stated difficulty.'));
  }
  const labels = byDifficulty.map((row) => formatNumber(row.difficulty));
  const rates = byDifficulty.map((row) => row.successRate);
  const steps = columnChart({
    id: 'difficulty-steps',
    title: 'Mean ponder steps by difficulty',
    description: byDifficulty
      .map((row) => `difficulty ${row.difficulty}: ${formatNumber(row.ponderSteps)} steps`)
      .join('; '),
    labels,
    values: byDifficulty.map((row) => finite(row.ponderSteps)),
    color: 'c1',
    height: 180,
    xTitle: 'difficulty',
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
  const charts = panels(
    `<h3>Mean ponder steps</h3>${steps}`,
    successChart('difficulty', labels, rates),
  );
  return section(title, about, charts + table);
}

/** Charts side by side where the page is wide enough. */
function panels(...charts: string[]): string {
  return `<div class="panels">${charts.map((chart) => `<div>${chart}</div>`).join('')}</div>`;
}

function successChart(by: string, labels: string[], rates: (number | null)[]): string {
  const heading = '<h3>Success rate</h3>';
  if (rates.every((rate) => rate === null)) return heading + none('No success was reported.');
  return (
    heading +
    columnChart({
      id: `${by.replaceAll(' ', '-')}-success`,
      title: `Success rate by ${by}`,
      description: labels.map((label, i) => `${label}: ${formatPercent(rates[i])}`).join('; '),
      labels,
      values: rates,
      color: 'c3',
      format: formatPercent,
      top: 1,
      height: 180,
      xTitle: by,
    })
  );
}

function distribution(data: ReportData): string {
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

function forcedDepth({ forcedDepth }: ReportData): string {
  const title = 'Return forced to each depth';
  const about =
    'What the same policy earns when every decision takes exactly so many ponder steps: whether each exit is a policy in its own right, and what thinking longer buys.';
  if (forcedDepth.length === 0) return section(title, about, none('No depth was forced.'));
  const labels = forcedDepth.map((row) => String(row.ponderSteps));
  const rates = forcedDepth.map((row) => row.successRate);
  const returns = columnChart({
    id: 'forced-return',
    title: 'Return by forced ponder steps',
    description: forcedDepth
      .map((row) => `${row.ponderSteps} steps: ${formatNumber(row.return)}`)
      .join('; '),
    labels,
    values: forcedDepth.map((row) => finite(row.return)),
    color: 'c1',
    height: 180,
    xTitle: 'forced ponder steps',
  });
  const table = dataTable(
    'Numbers',
    ['ponder steps', 'return', 'success rate'],
    forcedDepth.map((row) => [row.ponderSteps, row.return, formatPercent(row.successRate)]),
  );
  const charts = panels(
    `<h3>Return</h3>${returns}`,
    successChart('forced ponder steps', labels, rates),
  );
  return section(title, about, charts + table);
}

function thought({ thought }: ReportData): string {
  const title = 'One worked thought';
  const about =
    'A single decision: after each ponder step, the probability of halting there, the value, and what it would do.';
  if (!thought || thought.trace.length === 0) {
    return section(title, about, none('No thought was recorded.'));
  }
  const { trace, actionLabels, action, difficulty, describes } = thought;
  const rank = (i: number) =>
    actionLabels[i] === action
      ? Infinity
      : Math.max(...trace.map(({ actions }) => actions[i] ?? 0));
  const actions = actionLabels.map((_, i) => i);
  const shown = actions
    .toSorted((a, b) => rank(b) - rank(a))
    .slice(0, ACTIONS_SHOWN)
    .sort((a, b) => a - b);
  const row = (label: string, share: number, color: string, className = '', text?: string) =>
    `<dt class="${className}" title="${escapeHtml(label)}">${escapeHtml(label)}</dt><dd>${bar(share, color)}<b class="${className}">${text ?? formatPercent(share)}</b></dd>`;
  const values = describes === 'values';
  const all = trace.flatMap(({ actions }) => actions);
  const [least, most] = [Math.min(...all, 0), Math.max(...all, 0)];
  const share = (value: number) => (values ? (value - least) / (most - least || 1) : value);
  const cards = trace.map(({ halt, value, actions }, i) => {
    const rows = shown.map((index) => {
      const label = actionLabels[index];
      const value = actions[index] ?? 0;
      const className = label === action ? 'chosen' : '';
      return row(label, share(value), 'c1', className, values ? formatNumber(value) : undefined);
    });
    const others = 1 - shown.reduce((sum, index) => sum + (actions[index] ?? 0), 0);
    if (shown.length < actionLabels.length && !values)
      rows.push(row('others', Math.max(0, others), 'c1'));
    const halting =
      halt === null ? '<dt>halt</dt><dd><span></span><b>no say</b></dd>' : row('halt', halt, 'c2');
    const distribution =
      rows.length > 0 ? `<dl>${rows.join('')}</dl>` : none('No action probabilities.');
    const last = i === trace.length - 1;
    return `<li${last ? ' class="last"' : ''}><h3>Step ${i + 1}${last ? ': acts' : ''}<span>value ${formatNumber(value)}</span></h3><dl class="halt">${halting}</dl>${distribution}</li>`;
  });
  const facts = [
    `It took ${trace.length} ponder ${trace.length === 1 ? 'step' : 'steps'}`,
    difficulty === undefined ? '' : ` at difficulty ${formatNumber(difficulty)}`,
    ` and then acted: ${action}.`,
  ].join('');
  const key = legend([
    { label: 'halting probability', color: 'c2', kind: 'line' },
    { label: `${values ? 'value' : 'probability'} of each action`, color: 'c1', kind: 'line' },
  ]);
  const obs = `<details><summary>Observation</summary><pre class="obs">${escapeHtml(thought.obs)}</pre></details>`;
  const body = `<p>${escapeHtml(facts)}</p>${key}<ol class="thought">${cards.join('')}</ol>${obs}`;
  return section(title, about, body);
}

function statistics({ statistics }: ReportData): string {
  const about = 'What learning reported of itself, means over the update.';
  if (statistics.length === 0)
    return section('The last update', about, none('No update was made.'));
  const rows = statistics.map(({ name, meaning, value }) => [name, value, meaning]);
  const table = dataTable('Numbers: the last update', ['name', 'value', 'meaning'], rows);
  return section('The last update', about, table);
}

function config({ configYaml }: ReportData): string {
  const body = configYaml.trim()
    ? `<pre>${escapeHtml(configYaml)}</pre>`
    : none('No config was recorded.');
  return `<details class="config"><summary>Resolved config</summary>${body}</details>`;
}

/** Reduces a list to at most `limit` entries: it merges equal groups of neighbors. */
function thin<T, R>(entries: readonly T[], limit: number, merge: (group: T[]) => R): R[] {
  const size = Math.max(1, Math.ceil(entries.length / limit));
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, i) =>
    merge(entries.slice(i * size, (i + 1) * size)),
  );
}

/** Picks at most `limit` entries at even distances, including the first and the last. */
function sample<T>(entries: readonly T[], limit: number): T[] {
  if (entries.length <= limit) return [...entries];
  const spacing = (entries.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, i) => entries[Math.round(i * spacing)]);
}

function mean(values: readonly (number | null)[]): number | null {
  const present = values.map(finite).filter((value) => value !== null);
  return present.length > 0 ? present.reduce((a, b) => a + b, 0) / present.length : null;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
