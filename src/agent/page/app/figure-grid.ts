import { Chart } from './chart.ts';
import { h } from './dom.ts';
import type { Figure } from './figures.ts';
import { formatDuration, formatShort } from './format.ts';
import type { Drawn } from './lines.ts';
import type { Axis, Range } from './run-data.ts';
import { onThemeChange } from './theme.ts';

export interface GridOptions {
  figures: readonly Figure[];
  drawn: (figure: Figure, axis: Axis) => Drawn;
  /** Called when the axis or the range changes, so that the caller fetches points for it. */
  onView: (axis: Axis, range: Range | undefined) => void;
}

/** Figures side by side over one x axis: environment steps or time, all of it or a range. */
export class FigureGrid {
  readonly element: HTMLElement;
  readonly #options: GridOptions;
  readonly #figures: Figure[] = [];
  readonly #charts: Chart[] = [];
  readonly #grid = h('div', { class: 'grid' });
  readonly #whole: HTMLButtonElement;
  readonly #endTheme: () => void;
  #axis: Axis = 'envSteps';

  constructor(options: GridOptions) {
    this.#options = options;
    this.add(options.figures);
    this.#whole = h('button', { type: 'button', click: () => this.#zoom(undefined) }, 'Show all');
    this.#whole.hidden = true;
    this.element = h(
      'section',
      { class: 'curves', 'aria-label': 'Curves' },
      h(
        'div',
        { class: 'toolbar' },
        this.#axisChoice(),
        this.#whole,
        h(
          'p',
          { class: 'hint' },
          'Drag over a chart to zoom in. Keyboard: arrows move the crosshair, + zooms in, 0 shows all. With many points, a line is the mean of neighboring points.',
        ),
      ),
      this.#grid,
    );
    this.#endTheme = onThemeChange(() => {
      for (const chart of this.#charts) chart.refresh();
    });
  }

  /** Adds the figures that the grid lacks, at its end. `update` then draws them. */
  add(figures: readonly Figure[]): void {
    for (const figure of figures) {
      if (this.#figures.some(({ title }) => title === figure.title)) continue;
      const { lines: _, compared: __, marked: ___, ...options } = figure;
      const chart = new Chart({
        ...options,
        axis: () => axes[this.#axis],
        onZoom: (range) => this.#zoom(range),
      });
      this.#figures.push(figure);
      this.#charts.push(chart);
      this.#grid.append(chart.element);
    }
  }

  /** Draws the figures again, after their data has changed. */
  update(): void {
    for (const [i, figure] of this.#figures.entries()) {
      this.#charts[i].show(this.#options.drawn(figure, this.#axis));
    }
  }

  dispose(): void {
    this.#endTheme();
    for (const chart of this.#charts) chart.dispose();
  }

  #axisChoice(): HTMLElement {
    const choice = (axis: Axis, label: string) =>
      h(
        'label',
        {},
        h('input', {
          type: 'radio',
          name: 'axis',
          checked: axis === this.#axis,
          change: () => this.#choose(axis),
        }),
        label,
      );
    return h(
      'fieldset',
      { class: 'choice' },
      h('legend', {}, 'x axis'),
      choice('envSteps', 'environment steps'),
      choice('elapsed', 'time'),
    );
  }

  #choose(axis: Axis): void {
    this.#axis = axis;
    for (const chart of this.#charts) chart.refresh();
    this.#zoom(undefined);
  }

  #zoom(range: Range | undefined): void {
    this.#whole.hidden = range === undefined;
    this.#options.onView(this.#axis, range);
  }
}

const axes = {
  envSteps: { label: 'environment step', format: formatShort },
  elapsed: { label: 'time', format: (seconds: number) => formatDuration(seconds) },
};
