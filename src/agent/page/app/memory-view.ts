import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';
import { fill, h, setText } from './dom.ts';
import { type Drawing, DrawingView } from './drawing.ts';
import { formatNumber, formatShare } from './format.ts';
import { MemoryStrip } from './memory-strip.ts';
import { type Recalled, recalledText } from './recalled.ts';
import type { SpaceJson } from './recorded-space.ts';
import type { RecordingReader } from './recording-reader.ts';
import { largestFirst, shareRow } from './share-row.ts';
import { spaceView } from './space-view.ts';
import { nameOf } from './token-text.ts';

/** The most entries in the list, which begins with the most attended one. */
const LISTED = 6;

/** Shows what of its episode's past a decision attended to, and what it had seen and done then. */
export class MemoryView {
  readonly element: HTMLElement;
  readonly #header: RecordingHeader;
  readonly #film: RecordingReader;
  readonly #strip: MemoryStrip;
  readonly #hint = h('p', { class: 'hint' });
  readonly #list = h('div', { class: 'bars', role: 'list', 'aria-label': 'Attention by entry' });
  readonly #name = h('h3');
  readonly #picture = h('div', { class: 'picture' });
  readonly #facts = h('dl', { class: 'step-facts' });
  readonly #numbers = h('div', {
    ...{ class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Remembered observation' },
  });
  readonly #go = h('button', { type: 'button' }, 'Go to this decision');
  #decision: RecordedDecision | undefined;
  #recalled: readonly Recalled[] = [];
  #step = 0;
  /** The entry that a user chose, and the one at which the pointer is. */
  #chosen: number | undefined;
  #pointed: number | undefined;
  /** The observation that is drawn, by its place and part. */
  #drawn = '';

  /** @param seek called with the index of the decision that a user goes to */
  constructor(header: RecordingHeader, film: RecordingReader, seek: (decision: number) => void) {
    this.#header = header;
    this.#film = film;
    this.#strip = new MemoryStrip(
      (entry) => {
        this.#chosen = entry;
        this.#showEntry();
      },
      (entry) => {
        this.#pointed = entry;
        this.#showEntry();
      },
    );
    this.#go.addEventListener('click', () => seek(this.#recalled[this.#entry].place));
    this.element = h(
      'section',
      { class: 'panel memory', 'aria-label': 'What it remembered' },
      h('h2', {}, 'What it remembered'),
      h('div', {}, this.#strip.element, this.#hint, this.#list),
      h('div', { class: 'recalled' }, this.#name, this.#picture, this.#facts, this.#go),
    );
  }

  /** Shows another decision. */
  show(decision: RecordedDecision, recalled: readonly Recalled[]): void {
    this.#decision = decision;
    this.#recalled = recalled;
    this.#chosen = this.#pointed = undefined;
    const [{ back }] = recalled;
    this.#strip.show(
      decision.thought.steps.map(({ memory }) => memory!),
      back > 0 ? `${back} back` : '',
    );
  }

  /** Shows one of its ponder steps. */
  select(step: number): void {
    this.#step = step;
    this.#strip.select(step);
    const shares = this.#shares;
    const { length } = this.#decision!.thought.steps;
    const bars = `Bars: attention in ponder step ${step + 1}, at most ${formatShare(Math.max(...shares))}.`;
    const rows = length > 1 ? ` Rows: in each of ${length} ponder steps.` : '';
    setText(this.#hint, `${bars}${rows} The last entry is that of this decision.`);
    const order = largestFirst(shares);
    const rest = order.slice(LISTED);
    fill(
      this.#list,
      ...order
        .slice(0, LISTED)
        .map((i) => shareRow(recalledText(this.#recalled[i]), '', shares[i])),
      rest.length > 0 &&
        shareRow(
          `${rest.length} others`,
          '',
          rest.reduce((sum, i) => sum + shares[i], 0),
        ),
    );
    this.#showEntry();
  }

  /** The shares of entries in the ponder step in view. */
  get #shares(): readonly number[] {
    return this.#decision!.thought.steps[this.#step].memory!;
  }

  /** The entry in view: without a choice, the most attended one of another decision. */
  get #entry(): number {
    const asked = this.#pointed ?? this.#chosen;
    if (asked !== undefined) return asked;
    const order = largestFirst(this.#shares);
    return order.find((i) => this.#recalled[i].back > 0) ?? order[0];
  }

  #showEntry(): void {
    const entry = this.#entry;
    const recalled = this.#recalled[entry];
    const name = recalledText(recalled);
    const share = formatShare(this.#shares[entry]);
    this.#strip.mark(entry, `${name}: ${share} in ponder step ${this.#step + 1}`);
    setText(this.#name, name.charAt(0).toUpperCase() + name.slice(1));
    const { place, back, part, parts, obs } = recalled;
    this.#go.disabled = back === 0;
    const seen = this.#film.decisions[place];
    const several = this.#recalled.some(({ parts }) => parts > 1);
    const shown =
      obs === undefined ? 'the last of its observations, the only one recorded' : 'this one';
    // All entries have the same facts: were the page shorter for one, it would move away from below the pointer.
    fill(
      this.#facts,
      ...fact('Attention', `${share} in ponder step ${this.#step + 1}`),
      ...fact('Action', actionText(seen.action, this.#header.spaces.action as SpaceJson)),
      ...fact('Reward', formatNumber(seen.reward)),
      ...(several ? fact('Shown', shown) : []),
      ...fact('Observation', this.#numbers),
    );
    const view = `${place} ${part}`;
    if (this.#drawn === view) return;
    this.#drawn = view;
    const drawing = part === parts && seen.drawing;
    this.#picture.hidden = !drawing;
    fill(this.#picture, drawing && new DrawingView(drawing as Drawing, name).element);
    fill(this.#numbers, spaceView(this.#header.spaces.observation as SpaceJson, obs ?? seen.obs));
  }
}

function fact(name: string, what: string | HTMLElement): HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, what)];
}

function actionText(action: unknown, space?: SpaceJson): string {
  if (space?.type === 'discrete') return nameOf(space, action as number);
  if (typeof action === 'number') return formatNumber(action);
  if (Array.isArray(action)) return action.map((part) => actionText(part)).join(' ');
  const parts = Object.entries(action as Record<string, unknown>);
  return parts.map(([name, part]) => `${name} ${actionText(part)}`).join(', ');
}
