import { h } from './dom.ts';
import type { RecordingReader } from './recording-reader.ts';
import { svg } from './svg.ts';

/** The most columns: more would be narrower than a pixel or two. */
const BINS = 400;
const [WIDTH, HEIGHT, FLOOR] = [1000, 100, 70];

/** All decisions of a recording side by side: ponder steps as bars, value as a line, rewards below. */
export class Timeline {
  readonly element: HTMLElement;
  readonly #range = h('input', {
    ...{ type: 'range', min: 0, max: 0, value: 0, step: 1, 'aria-label': 'Decision' },
  });
  readonly #picture = svg('svg', {
    ...{ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
  });
  readonly #bars = svg('path', { class: 'ponder' });
  readonly #value = svg('path', { class: 'value' });
  readonly #gains = svg('path', { class: 'gain' });
  readonly #losses = svg('path', { class: 'loss' });
  readonly #ends = svg('path', { class: 'end' });
  readonly #cursor = svg('rect', { class: 'cursor', y: 0, height: HEIGHT });
  #count = 0;

  /** @param seek called with the index of the decision that a user chooses */
  constructor(seek: (decision: number) => void) {
    const parts = [this.#cursor, this.#ends, this.#bars, this.#gains, this.#losses, this.#value];
    this.#picture.append(...parts);
    this.#range.addEventListener('input', () => seek(this.#range.valueAsNumber));
    this.element = h(
      'div',
      { class: 'timeline' },
      h('div', { class: 'area' }, this.#picture, this.#range),
      h(
        'ul',
        { 'aria-hidden': 'true' },
        ...[
          ['ponder', 'ponder steps'],
          ['value', 'value'],
          ['gain', 'reward'],
          ['loss', 'negative reward'],
          ['end', 'end of an episode'],
        ].map(([name, label]) => h('li', { class: name }, label)),
      ),
    );
  }

  /** Draws the decisions that have arrived. */
  show({ decisions, episodes, header }: RecordingReader): void {
    this.#count = decisions.length;
    this.#range.max = String(Math.max(0, decisions.length - 1));
    const size = Math.max(1, Math.ceil(decisions.length / BINS));
    const bins = Math.ceil(decisions.length / size);
    const wide = WIDTH / Math.max(1, decisions.length / size);
    const most = header?.halting.maxSteps ?? 1;
    const values = decisions.map(({ thought }) => thought.steps.at(-1)!.value);
    const [low, high] = extent(values);
    const [least, largest] = extent(decisions.map(({ reward }) => reward));
    const scale = Math.max(-least, largest, Number.MIN_VALUE);
    let [bars, line, gains, losses] = ['', '', '', ''];
    for (let bin = 0; bin < bins; bin++) {
      const within = decisions.slice(bin * size, (bin + 1) * size);
      const x = bin * wide;
      const gap = Math.min(2, wide * 0.15);
      const tall = Math.max(...within.map(({ thought }) => thought.steps.length)) / most;
      bars += bar(x + gap, wide - 2 * gap, FLOOR, -tall * (FLOOR - 6));
      const value = values[Math.min(values.length - 1, bin * size + (size >> 1))];
      const y = FLOOR - 4 - (high > low ? (value - low) / (high - low) : 0.5) * (FLOOR - 12);
      line += `${bin === 0 ? 'M' : 'L'}${(x + wide / 2).toFixed(1)} ${y.toFixed(1)}`;
      const reward = within.reduce(
        (extreme, { reward }) => (Math.abs(reward) > Math.abs(extreme) ? reward : extreme),
        0,
      );
      const tick = (Math.sqrt(Math.abs(reward) / scale) * (HEIGHT - FLOOR - 2)) / 2;
      const middle = (HEIGHT + FLOOR) / 2 + 1;
      if (reward > 0) gains += bar(x + gap, wide - 2 * gap, middle, -tick);
      if (reward < 0) losses += bar(x + gap, wide - 2 * gap, middle, tick);
    }
    this.#bars.setAttribute('d', bars);
    this.#value.setAttribute('d', line);
    this.#gains.setAttribute('d', gains);
    this.#losses.setAttribute('d', losses);
    const ends = episodes.filter(({ end }) => end).slice(0, BINS);
    this.#ends.setAttribute(
      'd',
      ends
        .map(({ begin, length }) => `M${((begin + length) / decisions.length) * WIDTH} 0V${HEIGHT}`)
        .join(''),
    );
  }

  /** @param text the place in words, for a screen reader */
  select(decision: number, text: string): void {
    this.#range.value = String(decision);
    this.#range.setAttribute('aria-valuetext', text);
    const wide = WIDTH / Math.max(1, this.#count);
    this.#cursor.setAttribute('x', (decision * wide).toFixed(2));
    this.#cursor.setAttribute('width', Math.max(wide, 3).toFixed(2));
  }
}

function bar(x: number, width: number, y: number, height: number): string {
  return `M${x.toFixed(1)} ${y}h${width.toFixed(1)}v${height.toFixed(1)}h${(-width).toFixed(1)}z`;
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
