import { h } from './dom.ts';
import { svg } from './svg.ts';

/** The most columns: more would be narrower than a pixel or two. */
const BINS = 400;
/** The height of the bars, and of a row of tints. */
const [TALL, ROW] = [100, 10];
/** Tints that are told apart. */
const TINTS = 12;

/**
 * The attention to entries of memory, the oldest on the left: bars for one ponder step, and below them, of several, a row of tints
 * for each.
 * Pointing at an entry, or moving along a slider, chooses it.
 */
export class MemoryStrip {
  readonly element: HTMLElement;
  readonly #range = h('input', {
    ...{ type: 'range', min: 0, max: 0, value: 0, step: 1, 'aria-label': 'Entry of memory' },
  });
  readonly #picture = svg('svg', { preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  readonly #oldest = h('span');
  readonly #tints = Array.from({ length: TINTS }, (_, i) =>
    svg('path', { class: 'tint', 'fill-opacity': ((i + 1) / TINTS).toFixed(3) }),
  );
  readonly #bars = svg('path', { class: 'bars-now' });
  readonly #step = svg('rect', { class: 'step', x: 0, height: ROW });
  readonly #cursor = svg('rect', { class: 'cursor', y: 0 });
  #steps: readonly (readonly number[])[] = [];
  #most = 1;

  /**
   * @param choose called with the index of the entry that a user chooses
   * @param point called with that at which the pointer is; with undefined once it leaves
   */
  constructor(choose: (entry: number) => void, point: (entry: number | undefined) => void) {
    this.#picture.append(this.#cursor, ...this.#tints, this.#bars, this.#step);
    this.#range.addEventListener('input', () => choose(this.#range.valueAsNumber));
    this.#picture.addEventListener('pointermove', (event) => point(this.#entryAt(event)));
    this.#picture.addEventListener('pointerleave', () => point(undefined));
    this.#picture.addEventListener('click', (event) => choose(this.#entryAt(event)));
    this.element = h(
      'div',
      { class: 'strip' },
      this.#picture,
      this.#range,
      h('p', { class: 'ends', 'aria-hidden': 'true' }, this.#oldest, h('span', {}, 'now')),
    );
  }

  /**
   * Shows another decision.
   * @param steps the shares of the entries, of which there is at least one, after each ponder step [n][entries]
   * @param oldest what the first entry is, in a few words; empty for nothing
   */
  show(steps: readonly (readonly number[])[], oldest: string): void {
    this.#steps = steps;
    this.#most = Math.max(...steps.map((shares) => Math.max(...shares)), Number.MIN_VALUE);
    const entries = steps[0].length;
    const rows = steps.length > 1 ? steps : [];
    const height = TALL + ROW * rows.length;
    this.#picture.setAttribute('viewBox', `0 0 ${entries} ${height}`);
    this.#cursor.setAttribute('height', String(height));
    this.#step.setAttribute('width', String(entries));
    this.element.style.setProperty('--entries', String(entries));
    this.element.style.setProperty('--rows', String(rows.length));
    this.#range.max = String(entries - 1);
    this.#oldest.textContent = oldest;
    const paths = this.#tints.map(() => '');
    rows.forEach((shares, n) => {
      this.#eachColumn(shares, (x, wide, share) => {
        const tint = Math.round(share ** 0.7 * TINTS);
        if (tint > 0) paths[tint - 1] += `M${x} ${TALL + ROW * n + 1}h${wide}v${ROW - 1}h${-wide}z`;
      });
    });
    this.#tints.forEach((tint, i) => void tint.setAttribute('d', paths[i]));
  }

  /** Shows a ponder step as bars. */
  select(step: number): void {
    let bars = '';
    this.#eachColumn(this.#steps[step], (x, wide, share) => {
      const tall = (share * (TALL - 4)).toFixed(1);
      bars += `M${x} ${TALL - 2}h${wide}v-${tall}h${-wide}z`;
    });
    this.#bars.setAttribute('d', bars);
    this.#step.setAttribute('y', String(TALL + ROW * step + 0.5));
  }

  /** Marks an entry. @param text what it is, for a screen reader */
  mark(entry: number, text: string): void {
    this.#range.value = String(entry);
    this.#range.setAttribute('aria-valuetext', text);
    const wide = Math.max(1, this.#size);
    this.#cursor.setAttribute('x', String(Math.floor(entry / wide) * wide));
    this.#cursor.setAttribute('width', String(wide));
  }

  /** Entries of a column. */
  get #size(): number {
    return Math.ceil(this.#steps[0].length / BINS);
  }

  /** Calls `draw` with each column's place and its largest share, as a share of the largest of all steps. */
  #eachColumn(
    shares: readonly number[],
    draw: (x: number, wide: number, share: number) => void,
  ): void {
    const size = this.#size;
    for (let begin = 0; begin < shares.length; begin += size) {
      const within = shares.slice(begin, begin + size);
      const gap = 0.08 * within.length;
      draw(begin + gap, within.length - 2 * gap, Math.max(...within) / this.#most);
    }
  }

  #entryAt({ clientX }: MouseEvent): number {
    const { left, width } = this.#picture.getBoundingClientRect();
    const entries = this.#steps[0].length;
    return Math.max(0, Math.min(entries - 1, Math.floor(((clientX - left) / width) * entries)));
  }
}
