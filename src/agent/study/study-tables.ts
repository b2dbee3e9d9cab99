import { counted } from '../common/numbers.ts';
import type { Spread, Study } from './summary.ts';

/** A table before it is set as text or Markdown; titles that begin with `<` are flush left. */
export interface StudyTable {
  title: string;
  titles: string[];
  rows: string[][];
}

/** A study as two tables: every policy under every seed, and each policy over its seeds. */
export function studyTables(study: Study): [seeds: StudyTable, summary: StudyTable] {
  const rows = study.rows.map(({ policy, seed, evaluation, collapsed, ...row }) => [
    policy,
    String(seed),
    number(evaluation.successRate),
    number(evaluation.return.mean),
    number(evaluation.ponderSteps.mean, 2),
    number(evaluation.spearman),
    number(row.trainingSeconds ?? null, 0),
    [
      ...(collapsed ? [`collapsed to ${collapsed}`] : []),
      ...(row.setting ? [`${row.setting.option} ${Number(row.setting.value.toPrecision(2))}`] : []),
      ...(evaluation.cut.episodes > 0
        ? [`${counted(evaluation.cut.episodes, 'episode')} truncated`]
        : []),
    ].join(', '),
  ]);
  const mixtures = study.mixtures.map((row) => {
    const depths = row.depths.map((depth) => `fixed:${depth}`).join(' and ');
    return [
      'mixture',
      String(row.seed),
      number(row.successRate),
      number(row.return),
      number(row.ponderSteps, 2),
      '–',
      '–',
      row.return === null ? `needs ${depths}` : depths,
    ];
  });
  const summary = study.summary.map((row) => [
    row.policy,
    String(row.seeds),
    ...spread(row.success),
    ...spread(row.return),
    ...spread(row.ponderSteps, 2),
    ...spread(row.spearman),
    ...spread(row.trainingSeconds, 0),
  ]);
  return [
    {
      title: 'Each seed',
      titles: [
        ...['<policy', 'seed', 'success', 'return', 'ponder steps', 'spearman', 'training s', '<'],
      ],
      rows: [...rows, ...mixtures],
    },
    {
      title: 'Over seeds: mean ± std, median',
      titles: [
        ...['<policy', 'seeds', 'success', 'median', 'return', 'median'],
        ...['ponder steps', 'median', 'spearman', 'median', 'training s', 'median'],
      ],
      rows: summary,
    },
  ];
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

function number(value: number | null, digits = 3): string {
  return value === null ? '–' : value.toFixed(digits);
}

function spread(value: Spread | null, digits = 3): [string, string] {
  if (!value) return ['–', '–'];
  const { mean, std, median } = value;
  return [`${mean.toFixed(digits)} ± ${std.toFixed(digits)}`, median.toFixed(digits)];
}
