import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';
import { fill, h } from './dom.ts';
import { largestFirst, shareRow } from './share-row.ts';
import { svg } from './svg.ts';
import { tokenNote } from './token-values.ts';

/** The most tokens in the list, which begins with the most attended one. */
const LISTED = 10;

/** Shows the readout's attention in a ponder step: as a list, and as a map where tokens lie on a grid. */
export class AttentionView {
  readonly element: HTMLElement;
  readonly #map: HTMLElement;
  readonly #list = h('div', { class: 'bars', role: 'list', 'aria-label': 'Attention by token' });
  readonly #header: RecordingHeader;
  readonly #cells: { cell: SVGElement; token: number }[];

  constructor(header: RecordingHeader) {
    this.#header = header;
    const grids = gridsOf(header.tokens);
    this.#cells = [];
    this.#map = h('div', { class: 'maps', hidden: grids.length === 0 });
    this.#map.append(...grids.map((grid) => this.#draw(grid)));
    this.element = h(
      'section',
      { class: 'panel attention', 'aria-label': 'What it attended to' },
      h('h2', {}, 'What it attended to'),
      this.#map,
      this.#list,
    );
  }

  /** @param drawn true where the environment's own drawing shows the attention already */
  show({ obs, thought }: RecordedDecision, step: number, drawn: boolean): void {
    const { attention, memory } = thought.steps[step];
    const most = Math.max(...attention);
    this.#map.hidden = this.#cells.length === 0 || drawn;
    for (const { cell, token } of this.#cells) {
      cell.setAttribute('fill-opacity', (attention[token] / most).toFixed(3));
    }
    const order = largestFirst(attention);
    const rest = order.slice(LISTED);
    const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0);
    fill(
      this.#list,
      ...order
        .slice(0, LISTED)
        .map((token) =>
          shareRow(
            this.#header.tokens[token].label,
            tokenNote(this.#header, token, obs),
            attention[token],
          ),
        ),
      rest.length > 0 &&
        shareRow(`${rest.length} others`, '', sum(rest.map((token) => attention[token]))),
      memory && shareRow('memory', `(${memory.length})`, sum(memory)),
    );
  }

  #draw(grid: PlacedToken[]): SVGElement {
    const rows = 1 + Math.max(...grid.map(({ place }) => place[0]));
    const columns = 1 + Math.max(...grid.map(({ place }) => place[1]));
    const map = svg('svg', {
      ...{ viewBox: `0 0 ${columns} ${rows}`, role: 'img', class: 'map' },
      'aria-label': `attention over ${rows} rows and ${columns} columns`,
    });
    for (const { token, place } of grid) {
      const [y, x] = place;
      const cell = svg('rect', { x: x + 0.03, y: y + 0.03, width: 0.94, height: 0.94 });
      map.append(cell);
      this.#cells.push({ cell, token });
    }
    return map;
  }
}

interface PlacedToken {
  token: number;
  place: readonly [number, number];
}

/** Tokens that lie on grids, one list a grid. A token in row 0 and column 0 begins the next grid. */
function gridsOf(tokens: RecordingHeader['tokens']): PlacedToken[][] {
  const grids: PlacedToken[][] = [];
  tokens.forEach(({ place }, token) => {
    if (place === undefined) return;
    if (place[0] === 0 && place[1] === 0) grids.push([]);
    grids.at(-1)?.push({ token, place });
  });
  return grids;
}
