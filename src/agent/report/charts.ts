/**
 * Charts as static HTML: marks in an inline SVG that stretches to the page's width (coordinates
 * 0..1000 both ways, y downwards), labels as HTML text over it, which stays readable on a phone.
 * Colors are the style sheet's classes `c1`, `c2` and `c3`.
 */

export type Point = readonly [x: number, y: number | null];

export interface Series {
  label: string;
  color: 'c1' | 'c2' | 'c3';
  kind: 'line' | 'dots' | 'rings';
  points: readonly Point[];
}

/** The description of a chart for screen readers, and the prefix of its element ids. */
export interface Named {
  id: string;
  title: string;
  description: string;
}

export interface Marker {
  x: number;
  label: string;
}

const SPAN = 1000;

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => entities[char]);
}

/** Three significant digits, or all digits before the point if there are more; a dash for null, undefined and NaN. */
export function formatNumber(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const rounded = size < 1000 && value % 1 !== 0 ? Number(value.toPrecision(3)) : Math.round(value);
  const [whole, fraction] = String(Math.abs(rounded)).split('.');
  const grouped = whole.includes('e') ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${rounded < 0 ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

export function formatPercent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return '–';
  const percent = 100 * share;
  return `${formatNumber(percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent))} %`;
}

/** Short form for axes: 20k, 1.5M. */
function formatTick(value: number): string {
  const [scale, unit] = Math.abs(value) >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
  return Math.abs(value) < 1e4 ? formatNumber(value) : `${formatNumber(value / scale)}${unit}`;
}

/** About `count` round numbers that enclose low..high; they are 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const spacing = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999)!;
  const first = Math.floor(low / spacing + 1e-9);
  const last = Math.max(Math.ceil(high / spacing - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    return Number(((first + i) * spacing).toPrecision(12));
  });
}

/** Lines and points over environment steps, with a legend. */
export function lineChart({
  series,
  marker,
  ...named
}: Named & { series: readonly Series[]; marker?: Marker }): string {
  const points = series.flatMap((s) => s.points);
  const x = stepAxis(Math.max(marker?.x ?? 0, ...points.map(([step]) => step)));
  const values = points.flatMap(([, y]) => (y === null ? [] : [y]));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 0.06 * (high - low || Math.abs(high) || 1);
  const y = verticalScale(low - margin, high + margin);
  const marks = series.map(({ color, kind, points, label }) => {
    if (kind === 'line') return `<path class="line ${color}" d="${linePath(points, x.at, y.at)}"/>`;
    return points
      .map(([step, value]) => {
        if (value === null) return '';
        const at = `M${round(x.at(step))} ${y.at(value)}h0`;
        const tip = `<title>${escapeHtml(label)} at ${formatNumber(step)}: ${formatNumber(value)}</title>`;
        const inner = kind === 'rings' ? `<path class="hole" d="${at}"/>` : '';
        return `<g>${tip}<path class="halo" d="${at}"/><path class="dot ${color}" d="${at}"/>${inner}</g>`;
      })
      .join('');
  });
  return `${legend(series)}${plot({
    ...named,
    height: 260,
    marks: gridLines(y.ticks.map(y.at)) + markerLine(marker, x.at) + marks.join(''),
    labels: markerLabel(marker, x.at),
    yLabels: y.ticks.map((tick) => [y.at(tick), formatTick(tick)]),
    xLabels: x.labels,
    xTitle: 'environment steps',
  })}`;
}

/** Columns over categories, with the value on each where there is room; null leaves a gap. */
export function columnChart({
  labels,
  values,
  color,
  format = formatNumber,
  top,
  xTitle,
  height,
  ...named
}: Named & {
  labels: readonly string[];
  values: readonly (number | null)[];
  color: Series['color'];
  format?: (value: number) => string;
  /** The highest value of the axis; by default the data's. */
  top?: number;
  xTitle?: string;
  height: number;
}): string {
  const present = values.filter((value) => value !== null);
  const y = verticalScale(Math.min(0, ...present), top ?? Math.max(0, ...present));
  const width = SPAN / labels.length;
  const zero = y.at(0);
  const marks = values.map((value, i) => {
    if (value === null) return '';
    const [high, low] = [Math.min(y.at(value), zero), Math.max(y.at(value), zero)];
    const tip = `<title>${escapeHtml(labels[i])}: ${format(value)}</title>`;
    return `<rect class="${color}" x="${round((i + 0.18) * width)}" width="${round(0.64 * width)}" y="${high}" height="${round(low - high)}">${tip}</rect>`;
  });
  const valueLabels = values.map((value, i) => {
    if (labels.length > 18) return '';
    const at = value === null ? zero : Math.min(y.at(value), zero);
    return label('on-top', (i + 0.5) * width, at, value === null ? '–' : format(value));
  });
  // More than a dozen labels would overlap on a phone.
  const every = Math.ceil(labels.length / 24);
  return plot({
    ...named,
    height,
    className: labels.length > 12 ? 'columns many' : 'columns',
    style: `max-width:${3.2 + labels.length * 7}rem`,
    marks: gridLines(y.ticks.map(y.at)) + marks.join(''),
    labels: valueLabels.join(''),
    yLabels: y.ticks.map((tick) => [y.at(tick), format(tick)]),
    xLabels: labels.flatMap((text, i) => (i % every ? [] : [[(i + 0.5) * width, text] as const])),
    xTitle,
  });
}

/**
 * A distribution over time: one column of cells per entry of `columns`, from the step of the one
 * before to its own, cell `i` from the bottom shaded by `shares[i]` (full at `darkest`), with the
 * mean as a line.
 */
export function heatMap({
  columns,
  rows,
  darkest,
  marker,
  ...named
}: Named & {
  columns: readonly { step: number; shares: readonly number[]; mean: number | null }[];
  rows: number;
  darkest: number;
  marker?: Marker;
}): string {
  const x = stepAxis(Math.max(marker?.x ?? 0, ...columns.map(({ step }) => step)));
  const height = SPAN / rows;
  const left = (i: number) => (i === 0 ? 0 : x.at(columns[i - 1].step));
  const cells = columns.map(({ step, shares }, i) => {
    const place = `x="${round(left(i))}" width="${round(x.at(step) - left(i))}" height="${round(height)}"`;
    return shares
      .map((share, row) => {
        if (!(share > 0)) return '';
        const tip = `<title>to step ${formatNumber(step)}: ${row + 1} ponder steps ${formatPercent(share)}</title>`;
        return `<rect ${place} y="${round(SPAN - (row + 1) * height)}" fill-opacity="${(share / darkest).toFixed(3)}">${tip}</rect>`;
      })
      .join('');
  });
  const yOf = (steps: number) => round(SPAN - (steps - 0.5) * height);
  const middles = columns.map(({ step, mean }, i) => [(left(i) + x.at(step)) / 2, mean] as const);
  const mean = linePath(middles, (at) => at, yOf);
  const every = Math.ceil(rows / 10);
  const labelled = Array.from({ length: rows }, (_, i) => i + 1).filter((n) => n % every === 0);
  return plot({
    ...named,
    height: Math.min(320, Math.max(160, 26 * rows)),
    className: 'heat',
    marks: `<g class="cells c1">${cells.join('')}</g>${markerLine(marker, x.at)}<path class="halo-line" d="${mean}"/><path class="line ink" d="${mean}"/>`,
    labels: markerLabel(marker, x.at),
    yLabels: labelled.map((n) => [yOf(n), String(n)]),
    xLabels: x.labels,
    xTitle: 'environment steps',
  });
}

/** A horizontal bar for `share` of its track, hidden from screen readers, since the number stands beside it. */
export function bar(share: number, className: string): string {
  const width = round(100 * Math.min(1, Math.max(0, share)));
  return `<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="1"/><rect class="${className}" width="${width}" height="1"/></svg>`;
}

export function legend(entries: readonly Pick<Series, 'label' | 'color' | 'kind'>[]): string {
  const items = entries.map(
    ({ label, color, kind }) =>
      `<li><span class="swatch ${kind} ${color}"></span>${escapeHtml(label)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

export type Cell = string | number | null;

/** A collapsed table of a chart's numbers. */
export function dataTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const text = (cell: Cell) => (typeof cell === 'string' ? escapeHtml(cell) : formatNumber(cell));
  const th = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`,
  );
  return `<details><summary>${title}</summary><div class="scroll" tabindex="0"><table><thead><tr>${th}</tr></thead><tbody>${body.join('')}</tbody></table></div></details>`;
}

/** The frame: y labels, the SVG with its overlay, x labels. Positions are in 0..1000. */
function plot(chart: {
  id: string;
  title: string;
  description: string;
  height: number;
  className?: string;
  style?: string;
  marks: string;
  labels: string;
  yLabels: readonly (readonly [number, string])[];
  xLabels: readonly (readonly [number, string])[];
  xTitle?: string;
}): string {
  const { id, className = '', style = '' } = chart;
  const yLabels = chart.yLabels.map(([y, text]) => label('', null, y, text)).join('');
  const xLabels = chart.xLabels.map(([x, text]) => label('', x, null, text)).join('');
  const xTitle = chart.xTitle ? `<div class="x-title">${escapeHtml(chart.xTitle)}</div>` : '';
  return `<figure class="plot ${className}" style="${style}">
<div class="y" aria-hidden="true">${yLabels}</div>
<div class="area" style="height:${chart.height}px">
<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${SPAN} ${SPAN}" preserveAspectRatio="none"><title id="${id}-title">${escapeHtml(chart.title)}</title><desc id="${id}-desc">${escapeHtml(chart.description)}</desc>${chart.marks}</svg>
<div aria-hidden="true">${chart.labels}</div>
</div>
<div class="x" aria-hidden="true">${xLabels}</div>
${xTitle}</figure>
`;
}

function label(className: string, x: number | null, y: number | null, text: string): string {
  const left = x === null ? '' : `left:${round(x / 10)}%;`;
  const top = y === null ? '' : `top:${round(y / 10)}%`;
  return `<span class="${className}" style="${left}${top}">${escapeHtml(text)}</span>`;
}

function stepAxis(last: number) {
  const end = last || 1;
  const at = (step: number) => (SPAN * step) / end;
  const shown = ticks(0, end, 4).filter((tick) => tick <= end);
  return { at, labels: shown.map((tick) => [at(tick), formatTick(tick)] as const) };
}

function verticalScale(low: number, high: number) {
  const top = high > low ? high : low + (Math.abs(low) || 1);
  const at = (value: number) => round(SPAN * (1 - (value - low) / (top - low)));
  return { at, ticks: ticks(low, top, 4).filter((tick) => tick >= low && tick <= top) };
}

/** A path through the points; null breaks it, and a single point becomes a dot. */
function linePath(
  points: readonly Point[],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  let command = 'M';
  return points
    .map(([px, py]) => {
      if (py === null) {
        command = 'M';
        return '';
      }
      const drawn = `${command}${round(x(px))} ${round(y(py))}${command === 'M' ? 'h0' : ''}`;
      command = 'L';
      return drawn;
    })
    .join('');
}

function gridLines(ys: readonly number[]): string {
  return ys.map((y) => `<path class="grid" d="M0 ${y}H${SPAN}"/>`).join('');
}

function markerLine(marker: Marker | undefined, x: (step: number) => number): string {
  return marker ? `<path class="marker" d="M${round(x(marker.x))} 0V${SPAN}"/>` : '';
}

function markerLabel(marker: Marker | undefined, x: (step: number) => number): string {
  if (!marker) return '';
  const at = x(marker.x);
  return label(at > SPAN / 2 ? 'marker left' : 'marker', at, 0, marker.label);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
