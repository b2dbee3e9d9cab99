import type { Drawn, Line, Words } from './lines.ts';
import { color } from './theme.ts';
import uPlot from './uplot.ts';

export interface ChartOptions {
  title: string;
  about: string;
  /** Formats numbers on the y axis, in the legend and in the table. */
  format: Words;
  /** The name of the x axis, and the format of its numbers. */
  axis: () => { label: string; format: (value: number) => string };
  /** The lowest and the highest value of the y axis; unless given, those of the lines with some room. */
  range?: (min: number, max: number, drawn: Drawn) => [number, number];
  ticks?: 'whole' | 'bytes';
  /** Paints below the lines. */
  paint?: (plot: uPlot, drawn: Drawn) => void;
  /** Called with the range of x that a user chose; undefined for all. */
  onZoom?: (range: { from: number; to: number } | undefined) => void;
}

/** uPlot's options for some lines. @param drawn gives the points at the time of drawing */
export function plotOptions(
  { format, axis, range, ticks, paint, onZoom }: ChartOptions,
  lines: readonly Line[],
  drawn: () => Drawn,
): Omit<uPlot.Options, 'width' | 'height'> {
  const look: uPlot.Axis = {
    stroke: () => color('ink-2'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: () => color('grid'), width: 1 },
    ticks: { show: false },
  };
  const filled = lines.flatMap(({ filled }, i) => (filled ? [i + 1] : []));
  return {
    legend: { show: false },
    padding: [16, 18, 0, 0],
    scales: {
      x: { time: false },
      y: { range: (_, min, max) => (range ?? padded)(min, max, drawn()) },
    },
    axes: [
      { ...look, size: 28, space: 64, values: (_, splits) => splits.map(axis().format) },
      {
        ...look,
        size: 56,
        space: 28,
        incrs: ticks && increments[ticks],
        values: (_, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [{}, ...lines.map(seriesOf)],
    bands: filled.slice(1).map((i, k) => ({ series: [i, filled[k]] as [number, number] })),
    cursor: {
      y: false,
      drag: { x: onZoom !== undefined, y: false, setScale: false },
      sync: { key: 'x' },
      points: { size: 7 },
      focus: { prox: -1 },
    },
    hooks: {
      drawAxes: [
        (plot) => {
          paint?.(plot, drawn());
          paintMark(plot, drawn());
        },
      ],
    },
  };
}

const increments = {
  whole: [1, 2, 5, 10, 20, 50],
  bytes: Array.from({ length: 44 }, (_, power) => 2 ** power),
};
/** Alpha of faint lines, appended to the six digits of a color. */
const FAINT = '50';

function seriesOf(line: Line): uPlot.Series {
  const { label, color: name, dash, dots, spans, filled, faint } = line;
  return {
    label,
    stroke: () => color(name) + (faint ? FAINT : ''),
    fill: filled ? () => color(`${name}-fill`) : undefined,
    width: filled || faint ? 1 : dots ? 0 : 1.75,
    dash: faint ? undefined : dash,
    spanGaps: spans ?? false,
    paths: dots ? () => null : undefined,
    points: dots
      ? {
          show: true,
          size: 7,
          width: 1.5,
          fill: () => color('surface'),
          stroke: () => color(name),
        }
      : { size: 5, filter: alone },
  };
}

function paintMark(plot: uPlot, { mark }: Drawn): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.x;
  if (!mark || min == null || max == null || mark.x < min || mark.x > max) return;
  const x = Math.round(plot.valToPos(mark.x, 'x', true)) + 0.5;
  const left = x - bbox.left > bbox.width / 2;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color('ink-3');
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([4 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
  ctx.textAlign = left ? 'right' : 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillText(mark.label, x + (left ? -4 : 4) * uPlot.pxRatio, bbox.top);
  ctx.restore();
}

/** Indices of the values without a neighbor: no line shows them, so they get a point. */
function alone(plot: uPlot, series: number, show: boolean): number[] | null {
  if (show) return null;
  const values = plot.data[series];
  const [from, to] = plot.series[0].idxs ?? [0, values.length - 1];
  const found: number[] = [];
  for (let i = from; i <= to; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  if (plot.series[series].spanGaps && found.length > 1) return null;
  return found.length > 0 && found.length < 500 ? found : null;
}

function padded(min: number, max: number): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const room = max > min ? 0.06 * (max - min) : Math.abs(max) * 0.1 || 1;
  // The axis begins at 0 where all values are 0 or more and near it.
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room];
}
