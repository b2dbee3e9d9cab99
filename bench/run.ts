/**
 * `npm run bench [-- --json FILE]`: every case checks its result, then times it. Prints Markdown, so
 * that `npm run --silent bench > bench/results.md` renews the page.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { loadBackend } from '../src/index.ts';
import { acting } from './acting.ts';
import type { Case, Result, Row } from './case.ts';
import { learner } from './learner.ts';
import { matMul } from './mat-mul.ts';
import { scheduler } from './scheduler.ts';

const cases: Case[] = [acting, scheduler, learner, matMul];

const { json } = parseArgs({ options: { json: { type: 'string' } } }).values;
const machine = await describeMachine();
const results: Result[] = [];
for (const measure of cases) {
  process.stderr.write(`${measure.name} …\n`);
  results.push(await measure());
}
process.stdout.write(`${markdown(machine, results)}\n`);
if (json !== undefined) {
  writeFileSync(json, `${JSON.stringify({ ...machine, results }, null, 2)}\n`);
}

async function describeMachine() {
  const { device } = await loadBackend('simd');
  const { version, dependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${cpus()[0].model}`,
    /** Processes that wanted to run as it began: more than none, and the machine was shared. */
    load: loadavg()[0],
    pondera: version as string,
    node: process.version,
    tfjs: dependencies['@tensorflow/tfjs-core'] as string,
    backend: device,
  };
}

function markdown(machine: Awaited<ReturnType<typeof describeMachine>>, results: Result[]): string {
  const { date, processor, load, pondera, node, tfjs, backend } = machine;
  const share = load < 0.5 ? 'otherwise idle' : `shared: load ${load.toFixed(1)} as it began`;
  return [
    '# Benchmarks',
    '',
    'By `npm run --silent bench > bench/results.md`.',
    '',
    `- ${date}, Pondera ${pondera}, Node ${node}, tfjs ${tfjs}, ${backend}`,
    `- ${processor}, ${share}`,
    '- policy: `latent`, D 48, H 2, feed-forward 96, 1 block',
    ...results.flatMap(({ title, method, rows }) => [
      '',
      `## ${title}`,
      '',
      method,
      '',
      ...table(rows),
    ]),
  ].join('\n');
}

function table(rows: readonly Row[]): string[] {
  const titles = Object.keys(rows[0]);
  const cells = rows.map((row) => titles.map((title) => text(row[title])));
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((c) => c[i].length)));
  const numeric = titles.map((title) => typeof rows[0][title] === 'number');
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    numeric[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(titles), line(rule), ...cells.map(line)];
}

/** Three significant digits; whole numbers as they are. */
function text(value: string | number): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
