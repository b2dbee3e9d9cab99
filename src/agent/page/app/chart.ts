import { DataTable } from './data-table.ts';
import { h, setText } from './dom.ts';
import { forget, observe, redraw } from './redraw.ts';
import { smooth } from './smooth.ts';
import { colour } from './theme.ts';
import uPlot from './uplot.ts';
import type { Values } from './values.ts';

export interface Line {
  label: string;
  values: Values;
  /** A colour of the style sheet. */
  colour: string;
  dash?: number[];
  /** Points alone. */
  dots?: boolean;
  /** A value that is missing is none that was due: the line goes on over it. */
  spans?: boolean;
  /** Filled down to the line before it. */
  filled?: boolean;
  /** What is told of it, where that is not where it is drawn. */
  told?: Values;
  /** Not drawn as a line, but painted. */
  painted?: boolean;
  /** Behind another that is its mean. */
  faint?: boolean;
  /** Its numbers in words; the chart's, unless given. */
  format?: (value: number | null) => string;
}

export interface Drawn {
  x: Values;
  lines: Line[];
  /** A place that matters, and why. */
  mark?: { x: number; label: string };
}

export interface ChartOptions {
  title: string;
  about: string;
  /** Numbers on the axis and in words. */
  format: (value: number | null) => string;
  /** What the x axis is, and its numbers. */
  axis: () => { label: string; format: (value: number) => string };
  /** The lowest and the highest value shown; what there is, unless given. */
  range?: (min: number, max: number, drawn: Drawn) => [number, number];
  ticks?: 'whole' | 'bytes';
  /** Draws under the lines. */
  paint?: (plot: uPlot, drawn: Drawn) => void;
  /** Told of a range of x chosen with the mouse or the keyboard; nothing: the whole. */
  onZoom?: (range: { from: number; to: number } | undefined) => void;
}

/** A chart of lines over x: with a legend that tells values, a crosshair for mouse and keyboard, and as a table. */
export class Chart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #area: HTMLElement;
  readonly #legend = h('ul', { class: 'legend' });
  readonly #none = h('p', { class: 'none' }, 'Nothing yet.');
  readonly #table: DataTable;
  readonly #resized: ResizeObserver;
  #plot: uPlot | undefined;
  #drawn: Drawn = { x: [], lines: [] };
  #shape = '';
  #values: HTMLElement[] = [];

  constructor(options: ChartOptions) {
    this.#options = options;
    const { title, about } = options;
    this.#area = h('div', {
      class: 'area',
      tabindex: 0,
      role: 'slider',
      'aria-orientation': 'horizontal',
      'aria-label': `${title}: crosshair`,
      'aria-valuenow': 0,
      'aria-valuetext': 'nothing yet',
      keydown: (event: KeyboardEvent) => this.#key(event),
      blur: () => this.#point(undefined),
    });
    this.#table = new DataTable(title);
    this.element = h(
      'figure',
      { class: 'chart' },
      h('figcaption', {}, h('h3', {}, title), h('p', {}, about)),
      this.#legend,
      this.#area,
      this.#none,
      this.#table.element,
    );
    this.#area.hidden = true;
    this.#resized = new ResizeObserver(() => this.#resize());
    this.#resized.observe(this.#area);
    observe(this.element);
  }

  /** Shows other numbers, soon. */
  show(drawn: Drawn): void {
    redraw(this.element, () => this.#draw(drawn));
  }

  /** Draws again what is there, in other colours or another unit. */
  refresh(): void {
    this.#shape = '';
    this.show(this.#drawn);
  }

  dispose(): void {
    forget(this.element);
    this.#resized.disconnect();
    this.#plot?.destroy();
  }

  #draw(drawn: Drawn): void {
    this.#drawn = drawn;
    const some = drawn.lines.some(({ values }) => values.some((value) => value !== null));
    this.#area.hidden = !some;
    this.#none.hidden = some;
    this.#legend.hidden = !some;
    this.element.dataset.points = String(drawn.x.length);
    if (some) {
      const shape = shapeOf(plotted(drawn)) + shapeOf(drawn.lines);
      if (shape === this.#shape && this.#plot) this.#plot.setData(this.#data());
      else this.#build(shape);
      this.#tell();
    }
    this.#table.show(drawn, this.#options);
  }

  #build(shape: string): void {
    this.#shape = shape;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#plotOptions(), this.#data(), this.#area);
    this.#values = this.#drawn.lines.map(() => h('span', { class: 'value' }));
    this.#legend.replaceChildren(
      ...this.#drawn.lines.map(({ label, colour, dash, dots, filled }, i) => {
        const kind = dots ? 'dots' : filled ? 'filled' : dash ? 'dashed' : 'solid';
        const swatch = h('span', { class: `swatch ${kind} ${colour}`, 'aria-hidden': 'true' });
        return h('li', {}, swatch, h('span', { class: 'label' }, label), this.#values[i]);
      }),
    );
  }

  #data(): uPlot.AlignedData {
    const values = plotted(this.#drawn).map((line) => line.values);
    return [this.#drawn.x, ...values] as uPlot.AlignedData;
  }

  #plotOptions(): uPlot.Options {
    const { format, axis, range, ticks, paint } = this.#options;
    const look: uPlot.Axis = {
      stroke: () => colour('ink-2'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: () => colour('grid'), width: 1 },
      ticks: { show: false },
    };
    const lines = plotted(this.#drawn);
    const filled = lines.flatMap(({ filled }, i) => (filled ? [i + 1] : []));
    return {
      ...this.#size(),
      legend: { show: false },
      padding: [16, 18, 0, 0],
      scales: {
        x: { time: false },
        y: { range: (_, min, max) => (range ?? padded)(min, max, this.#drawn) },
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
        drag: { x: this.#options.onZoom !== undefined, y: false, setScale: false },
        sync: { key: 'x' },
        points: { size: 7 },
        focus: { prox: -1 },
      },
      hooks: {
        drawAxes: [
          (plot) => {
            paint?.(plot, this.#drawn);
            paintMark(plot, this.#drawn);
          },
        ],
        setCursor: [() => this.#tell()],
        setSelect: [(plot) => this.#selected(plot)],
      },
    };
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#options.onZoom?.({ from, to });
  }

  /** Tells the values under the crosshair, or the last ones. */
  #tell(): void {
    const at = this.#plot?.cursor.idx ?? undefined;
    const { x, lines } = this.#drawn;
    const index = Math.min(at ?? x.length - 1, x.length - 1);
    const texts = lines.map((line) => textAt(line, index, this.#options.format));
    for (const [i, text] of texts.entries()) setText(this.#values[i], text);
    const { label, format } = this.#options.axis();
    const told = lines.map((line, i) => `${line.label} ${texts[i]}`).join(', ');
    const place = x[index];
    this.#area.setAttribute('aria-valuemin', String(x[0] ?? 0));
    this.#area.setAttribute('aria-valuemax', String(x.at(-1) ?? 0));
    this.#area.setAttribute('aria-valuenow', String(place ?? 0));
    if (place !== null && place !== undefined) {
      this.#area.setAttribute('aria-valuetext', `${label} ${format(place)}: ${told}`);
    }
  }

  #key(event: KeyboardEvent): void {
    const { x } = this.#drawn;
    const last = x.length - 1;
    const at = this.#plot?.cursor.idx ?? last;
    const moves: Record<string, number | undefined> = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      PageDown: at - Math.ceil(x.length / 20),
      PageUp: at + Math.ceil(x.length / 20),
      Home: 0,
      End: last,
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) this.#point(Math.min(last, Math.max(0, moves[event.key]!)));
    else if (event.key === '+' || event.key === '=') this.#zoomAround(x, at);
    else if (event.key === '-' || event.key === '0' || event.key === 'Escape') {
      this.#options.onZoom?.(undefined);
    } else return;
    event.preventDefault();
  }

  /** Half of what is shown, around the crosshair. */
  #zoomAround(x: Values, at: number): void {
    const [first, last, middle] = [x[0], x.at(-1), x[at]];
    if (first == null || last == null || middle == null || last <= first) return;
    const quarter = (last - first) / 4;
    this.#options.onZoom?.({ from: middle - quarter, to: middle + quarter });
  }

  #point(index: number | undefined): void {
    const plot = this.#plot;
    if (!plot) return;
    const x = index === undefined ? undefined : this.#drawn.x[index];
    const left = x == null ? -10 : plot.valToPos(x, 'x');
    plot.setCursor({ left, top: x == null ? -10 : 1 });
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.#area.clientWidth), height: HEIGHT };
  }

  #resize(): void {
    const { width, height } = this.#size();
    if (this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height });
  }
}

const HEIGHT = 210;
const increments = {
  whole: [1, 2, 5, 10, 20, 50],
  bytes: Array.from({ length: 44 }, (_, power) => 2 ** power),
};
/** An alpha, after a colour's six digits. */
const FAINT = '50';

function seriesOf(line: Line): uPlot.Series {
  const { label, colour: name, dash, dots, spans, filled, faint } = line;
  return {
    label,
    stroke: () => colour(name) + (faint ? FAINT : ''),
    fill: filled ? () => colour(`${name}-fill`) : undefined,
    width: filled || faint ? 1 : dots ? 0 : 1.75,
    dash: faint ? undefined : dash,
    spanGaps: spans ?? false,
    paths: dots ? () => null : undefined,
    points: dots
      ? {
          show: true,
          size: 7,
          width: 1.5,
          fill: () => colour('surface'),
          stroke: () => colour(name),
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
  ctx.strokeStyle = ctx.fillStyle = colour('ink-3');
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

/** A value that no line is drawn to or from is a point. */
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

/** What is drawn as lines: of many points their mean, over what it is the mean of. */
function plotted({ x, lines }: Drawn): Line[] {
  return lines.flatMap((line) => {
    if (line.painted) return [];
    const many = x.length >= MANY && !line.filled;
    if (!many || (line.dots && count(line.values) < MANY / 4)) return [line];
    const mean = smooth(line.values, Math.round(x.length / 80));
    if (line.dots) return [{ ...line, dots: false, spans: true, dash: [1, 3], values: mean }];
    return [
      { ...line, faint: true },
      { ...line, dash: undefined, values: mean },
    ];
  });
}

/** Points beyond which a line is no line any more, but a band. */
const MANY = 400;

function count(values: Values): number {
  return values.reduce<number>((sum, value) => sum + Number(value !== null), 0);
}

/** What of lines, if it is another, makes another chart. */
function shapeOf(lines: readonly Line[]): string {
  return JSON.stringify(lines.map(({ values: _, told: __, format: ___, ...style }) => style));
}

/** What a line tells at a place. */
export function textAt(line: Line, index: number, format: ChartOptions['format']): string {
  return (line.format ?? format)(valueAt(line, index));
}

/** What is known of a line at a place: where nothing was due, what was there before. */
function valueAt({ values, told, spans, dots }: Line, index: number): number | null {
  const shown = told ?? values;
  if (!spans && !dots) return shown[index] ?? null;
  for (let i = index; i >= 0; i--) if (shown[i] != null) return shown[i];
  return null;
}

function padded(min: number, max: number): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const room = max > min ? 0.06 * (max - min) : Math.abs(max) * 0.1 || 1;
  // Where nothing is below zero, nothing of the axis is.
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room];
}
