import type { AnyResult, Row } from './case.ts';

/** The page of results: a list of what it was measured on, then a table a case. */
export function markdown(machine: readonly string[], results: readonly AnyResult[]): string {
  const sections = results.flatMap(({ title, method, rows, notes }) => [
    `## ${title}`,
    method,
    markdownTable(rows),
    ...(notes.length > 0 ? [list(notes)] : []),
  ]);
  return ['# Benchmarks', list(machine), ...sections].join('\n\n');
}

const list = (items: readonly string[]) => items.map((item) => `- ${item}`).join('\n');

/** Rows with the same titles as a table; columns of numbers are flush right. */
export function markdownTable(rows: readonly Row[]): string {
  const titles = Object.keys(rows[0]);
  const cells = rows.map((row) => titles.map((title) => text(row[title])));
  const widths = titles.map((title, i) =>
    Math.max(title.length, 2, ...cells.map((c) => c[i].length)),
  );
  const numeric = titles.map((title) => rows.every((row) => typeof row[title] !== 'string'));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    numeric[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(titles), line(rule), ...cells.map(line)].join('\n');
}

/** Three significant digits; whole numbers as they are. */
function text(value: string | number | null): string {
  if (value === null) return '-';
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
