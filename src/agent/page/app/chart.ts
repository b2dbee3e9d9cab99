import { DataTable } from './data-table.ts';
import { h, setText } from './dom.ts';
import { type Drawn, type Line, plotted, shapeOf, textAt } from './lines.ts';
import { type ChartOptions, plotOptions } from './plot.ts';
import { observe, redraw, unobserve } from './redraw.ts';
import uPlot from './uplot.ts';
import type { Values } from './values.ts';

/** A chart of lines over x: a legend with values, a crosshair for mouse and keyboard, and the numbers as a table. */
export class Chart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #area: HTMLElement;
  readonly #legend = h('ul', { class: 'legend' });
  readonly #none = h('p', { class: 'none' }, 'No data yet.');
  readonly #table: DataTable;
  readonly #resized: ResizeObserver;
  #plot: uPlot | undefined;
  #drawn: Drawn = { x: [], lines: [] };
  #lines: Line[] = [];
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
      'aria-valuetext': 'no data yet',
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

  /** Shows these numbers, within a few frames and once the chart is in view. */
  show(drawn: Drawn): void {
    redraw(this.element, () => this.#draw(drawn));
  }

  /** Draws the same numbers again, in new colors or another unit. */
  refresh(): void {
    this.#shape = '';
    this.show(this.#drawn);
  }

  dispose(): void {
    unobserve(this.element);
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
      this.#lines = plotted(drawn);
      const shape = shapeOf(this.#lines) + shapeOf(drawn.lines);
      if (shape === this.#shape && this.#plot) this.#plot.setData(this.#data());
      else this.#build(shape);
      this.#showValues();
    }
    this.#table.show(drawn, this.#options);
  }

  #build(shape: string): void {
    this.#shape = shape;
    this.#plot?.destroy();
    const options = plotOptions(this.#options, this.#lines, () => this.#drawn);
    options.hooks!.setCursor = [() => this.#showValues()];
    options.hooks!.setSelect = [(plot) => this.#selected(plot)];
    this.#plot = new uPlot({ ...options, ...this.#size() }, this.#data(), this.#area);
    this.#values = this.#drawn.lines.map(() => h('span', { class: 'value' }));
    this.#legend.replaceChildren(
      ...this.#drawn.lines.map(({ label, color, dash, dots, filled }, i) => {
        const kind = dots ? 'dots' : filled ? 'filled' : dash ? 'dashed' : 'solid';
        const swatch = h('span', { class: `swatch ${kind} ${color}`, 'aria-hidden': 'true' });
        return h('li', {}, swatch, h('span', { class: 'label' }, label), this.#values[i]);
      }),
    );
  }

  #data(): uPlot.AlignedData {
    return [this.#drawn.x, ...this.#lines.map(({ values }) => values)] as uPlot.AlignedData;
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#options.onZoom?.({ from, to });
  }

  /** Shows the values under the crosshair, or the last ones. */
  #showValues(): void {
    const at = this.#plot?.cursor.idx ?? undefined;
    const { x, lines } = this.#drawn;
    const index = Math.min(at ?? x.length - 1, x.length - 1);
    const texts = lines.map((line) => textAt(line, index, this.#options.format));
    for (const [i, text] of texts.entries()) setText(this.#values[i], text);
    const { label, format } = this.#options.axis();
    const values = lines.map((line, i) => `${line.label} ${texts[i]}`).join(', ');
    const place = x[index];
    this.#area.setAttribute('aria-valuemin', String(x[0] ?? 0));
    this.#area.setAttribute('aria-valuemax', String(x.at(-1) ?? 0));
    this.#area.setAttribute('aria-valuenow', String(place ?? 0));
    if (place !== null && place !== undefined) {
      this.#area.setAttribute('aria-valuetext', `${label} ${format(place)}: ${values}`);
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

  /** Zooms to half of the range in view, around the crosshair. */
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

/** Pixels. */
const HEIGHT = 210;
