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
  /** The axis or the range is another one: what there is must be fetched for it. */
  onView: (axis: Axis, range: Range | undefined) => void;
}

/** Figures side by side over one x axis: steps or time, the whole or a part of it. */
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
          'Drag over a chart to look closer; with the keyboard: arrows, + and 0. Of many points the line is the mean of neighbours.',
        ),
      ),
      this.#grid,
    );
    this.#endTheme = onThemeChange(() => {
      for (const chart of this.#charts) chart.refresh();
    });
  }

  /** Those of more figures that are not here yet, after those that are; `update` shows what there is of them. */
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

  /** What there is has changed. */
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
      h('legend', {}, 'Along'),
      choice('envSteps', 'steps'),
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
  envSteps: { label: 'step', format: formatShort },
  elapsed: { label: 'time', format: (seconds: number) => formatDuration(seconds) },
};
