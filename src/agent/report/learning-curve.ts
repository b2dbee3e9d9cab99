import { dataTable, formatNumber, lineChart, type Marker, type Series } from './charts.ts';
import { finite, mean, sample, TABLE_ROWS, thin } from './condense.ts';
import type { ReportData } from './report-data.ts';
import { none, section } from './section.ts';

/** The most points of a curve. */
const CURVE_POINTS = 400;

/** Marks in a chart over environment steps where the halting head was released. */
export function releaseMarker({ releasedAt }: ReportData): Marker | undefined {
  return releasedAt === undefined ? undefined : { x: releasedAt, label: 'halting head released' };
}

/** The section with the returns over training. */
export function learningCurve(data: ReportData): string {
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
