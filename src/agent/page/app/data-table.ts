import { h } from './dom.ts';
import { type Drawn, textAt } from './lines.ts';
import type { ChartOptions } from './plot.ts';

/** The most rows of a table: more than this nobody reads. */
const ROWS = 50;

/** The numbers of a chart as a folded table. It fills its rows only while it is open. */
export class DataTable {
  readonly element: HTMLDetailsElement;
  readonly #caption = h('caption');
  readonly #head = h('tr');
  readonly #body = h('tbody');
  #fill: () => void = () => {};

  constructor(title: string) {
    const table = h('table', {}, this.#caption, h('thead', {}, this.#head), this.#body);
    const scroll = {
      class: 'scroll',
      tabindex: 0,
      role: 'region',
      'aria-label': `${title}, table`,
    };
    this.element = h(
      'details',
      { toggle: () => this.#fill() },
      h('summary', {}, 'As a table', h('span', { class: 'unseen' }, `: ${title}`)),
      h('div', scroll, table),
    );
  }

  show(drawn: Drawn, options: Pick<ChartOptions, 'axis' | 'format'>): void {
    this.#fill = () => {
      if (this.element.open) this.#rows(drawn, options);
    };
    this.#fill();
  }

  #rows({ x, lines }: Drawn, { axis, format }: Pick<ChartOptions, 'axis' | 'format'>): void {
    const shown = sample(x.length, ROWS);
    this.#caption.textContent = `${x.length} points, ${shown.length} shown, the latest first`;
    const head = [axis().label, ...lines.map(({ label }) => label)];
    this.#head.replaceChildren(...head.map((name) => h('th', { scope: 'col' }, name)));
    this.#body.replaceChildren(
      ...shown.map((i) => {
        const place = x[i];
        const cells = lines.map((line) => h('td', {}, textAt(line, i, format)));
        const name = place == null ? '–' : axis().format(place);
        return h('tr', {}, h('th', { scope: 'row' }, name), ...cells);
      }),
    );
  }
}

/** At most `limit` of the places 0 … length − 1, evenly apart, the last one first. */
function sample(length: number, limit: number): number[] {
  const count = Math.min(length, limit);
  if (count < 2) return count === 1 ? [0] : [];
  const spacing = (length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => Math.round((count - 1 - i) * spacing));
}
