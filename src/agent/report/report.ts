import { dataTable, escapeHtml, formatNumber } from './charts.ts';
import { difficulty, forcedDepth } from './depth-sections.ts';
import { learningCurve } from './learning-curve.ts';
import type { ReportData } from './report-data.ts';
import { reportStyle } from './report-style.ts';
import { none, section } from './section.ts';
import { stepDistribution } from './step-distribution.ts';
import { workedThought } from './worked-thought.ts';

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
${stepDistribution(data)}
${forcedDepth(data)}
${workedThought(data)}
${statistics(data)}
${config(data)}
</main>
</body>
</html>
`;
}

function summary({ summary }: ReportData): string {
  if (summary.length === 0) return none('No results were recorded.');
  const items = summary.map(([label, value]) => {
    const text = typeof value === 'string' ? value : formatNumber(value);
    return `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(text)}</dd></div>`;
  });
  return `<dl class="summary">${items.join('')}</dl>`;
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
