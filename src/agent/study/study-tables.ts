import { counted } from '../common/numbers.ts';
import type { Spread } from './spread.ts';
import { type Figures, figuresOf, mixtureFigures, type Study, type StudyRow } from './summary.ts';

/** A table before it is set as text or Markdown; titles that begin with `<` are flush left. */
export interface StudyTable {
  title: string;
  titles: string[];
  rows: string[][];
}

/** The figures in the order of the tables, with their titles and digits after the point. */
const COLUMNS: readonly [keyof Figures<unknown>, title: string, digits: number][] = [
  ['success', 'success', 3],
  ['return', 'return', 3],
  ['nats', 'nats', 3],
  ['ponderSteps', 'ponder steps', 2],
  ['spearman', 'spearman', 3],
  ['megaflops', 'MFLOP a decision', 3],
  ['milliseconds', 'ms a decision', 2],
  ['trainingSeconds', 'training s', 0],
];
const NONE = '–';

/** A study as two tables: every policy under every seed, and each policy over its seeds. Figures that no policy has are left out. */
export function studyTables(study: Study): [seeds: StudyTable, summary: StudyTable] {
  const bySeed = (figures: Figures<number>) =>
    COLUMNS.map(([name, , digits]) => figures[name]?.toFixed(digits) ?? NONE);
  const rows = study.rows.map((row) => [
    row.policy,
    String(row.seed),
    ...bySeed(figuresOf(row)),
    notes(row),
  ]);
  const mixtures = study.mixtures.map((row) => {
    const depths = row.depths.map((depth) => `fixed:${depth}`).join(' and ');
    const note = row.return === null ? `needs ${depths}` : depths;
    return ['mixture', String(row.seed), ...bySeed(mixtureFigures(row)), note];
  });
  const summary = study.summary.map((row) => [
    row.policy,
    String(row.seeds),
    ...COLUMNS.flatMap(([name, , digits]) => spreadCells(row[name], digits)),
  ]);
  return [
    known({
      title: 'Each seed',
      titles: ['<policy', 'seed', ...COLUMNS.map(([, title]) => title), '<'],
      rows: [...rows, ...mixtures],
    }),
    known({
      title:
        'Over seeds: mean ± std, and the interquartile mean with its 95 % interval by bootstrap',
      titles: ['<policy', 'seeds', ...COLUMNS.flatMap(([, title]) => [title, 'IQM [95 %]'])],
      rows: summary,
    }),
  ];
}

/** A table without the columns that have no figure. */
function known({ title, titles, rows }: StudyTable): StudyTable {
  const kept = titles.map((_, i) => rows.some((row) => row[i] !== NONE));
  const of = (cells: string[]) => cells.filter((_, i) => kept[i]);
  return { title, titles: of(titles), rows: rows.map(of) };
}

function notes({ collapsed, setting, evaluation: { cut } }: StudyRow): string {
  return [
    ...(collapsed ? [`collapsed to ${collapsed}`] : []),
    ...(setting ? [`${setting.option} ${Number(setting.value.toPrecision(2))}`] : []),
    ...(cut.episodes > 0 ? [`${counted(cut.episodes, 'episode')} truncated`] : []),
  ].join(', ');
}

/** How many learned seeds collapsed, in a sentence. */
export function collapseText({ rows, collapseRate }: Study): string {
  const seeds = rows.filter(({ policy }) => policy === 'learned').length;
  return `Collapsed: ${Math.round(collapseRate * seeds)} of ${seeds} learned seeds.`;
}

/** study.md: the tables and where they come from. */
export function studyMarkdown(study: Study): string {
  const tables = studyTables(study).map(({ title, titles, rows }) => {
    const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
    const head = titles.map((text) => text.replace('<', ''));
    const rule = titles.map((text) => (text.startsWith('<') ? '---' : '---:'));
    return [`## ${title}`, '', line(head), line(rule), ...rows.map(line)].join('\n');
  });
  return [`# ${study.name}: ${study.env}`, ...tables, collapseText(study)]
    .join('\n\n')
    .concat('\n');
}

function spreadCells(value: Spread | null, digits: number): [string, string] {
  if (!value) return [NONE, NONE];
  const [mean, std, iqm, low, high] = [value.mean, value.std, value.iqm, ...value.interval].map(
    (one) => one.toFixed(digits),
  );
  return [`${mean} ± ${std}`, `${iqm} [${low}, ${high}]`];
}
