import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';
import { type Actions, actionsOf } from './actions.ts';
import { fill, h, setText } from './dom.ts';
import { formatNumber, formatShare } from './format.ts';
import { type Recalled, recalledText } from './recalled.ts';
import { largestFirst, shareRow } from './share-row.ts';
import { setSpan, setTick } from './span.ts';
import { columns, likeliest, measure } from './step-parts.ts';
import { tokenNote } from './token-values.ts';
import { verdict } from './verdict.ts';

/** The most actions that fit without scrolling, and the most of many choices. */
const [UNSCROLLED, LISTED] = [14, 10];

/** The thought before one decision: a list of its ponder steps, and the details of one of them. */
export class ThoughtView {
  readonly element: HTMLElement;
  readonly #steps = h('ol', {
    ...{ role: 'listbox', tabindex: 0, class: 'steps', 'aria-label': 'Ponder steps' },
  });
  readonly #heading = h('h3');
  readonly #facts = h('dl', { class: 'step-facts' });
  readonly #actions = h('div', {
    class: 'bars',
    role: 'list',
    'aria-label': 'Action distribution',
  });
  readonly #hint = h('p', { class: 'hint' });
  readonly #header: RecordingHeader;

  /** @param choose called with the index of the step that a user clicks */
  constructor(header: RecordingHeader, choose: (step: number) => void) {
    this.#header = header;
    this.#steps.addEventListener('click', ({ target }) => {
      const step = (target as Element).closest('li');
      if (step) choose([...this.#steps.children].indexOf(step));
    });
    this.element = h(
      'section',
      { class: 'panel thought', 'aria-label': 'What it thought' },
      h('h2', {}, 'What it thought'),
      this.#steps,
      this.#heading,
      this.#facts,
      h('h3', {}, 'Actions'),
      this.#actions,
      this.#hint,
    );
  }

  /** Moves the focus to the list, where ↑ and ↓ choose a step. */
  focus(): void {
    this.#steps.focus({ preventScroll: true });
  }

  /** Shows the thought of another decision. @param recalled the entries of memory that it attends to */
  show(decision: RecordedDecision, recalled: readonly Recalled[]): void {
    const { thought, obs } = decision;
    const values = thought.steps.map(({ value }) => value);
    const [least, most] = [Math.min(...values, 0), Math.max(...values, 0)];
    const actions = actionsOf(this.#header, decision);
    fill(
      this.#steps,
      ...thought.steps.map((step, i) => {
        const { halt, value } = step;
        return h(
          'li',
          { role: 'option', id: `ponder-step-${i}`, 'aria-selected': 'false' },
          h('span', { class: 'n' }, h('span', { class: 'unseen' }, 'Step '), String(i + 1)),
          measure('halt', formatShare(halt), halt, [0, 1]),
          measure('value', formatNumber(value), value, [least, most]),
          actions.ranked ? likeliest(step.actions, actions) : columns(step.actions, actions),
          h('span', { class: 'attended' }, mostAttended(this.#header, step, obs, recalled)),
        );
      }),
    );
  }

  /** Shows the details of one step. */
  select(decision: RecordedDecision, at: number): void {
    const { thought } = decision;
    [...this.#steps.children].forEach((step, i) => {
      step.setAttribute('aria-selected', String(i === at));
    });
    this.#steps.setAttribute('aria-activedescendant', `ponder-step-${at}`);
    const chosen = this.#steps.children[at] as HTMLElement;
    // Scroll the list, and not the page.
    const { scrollTop, clientHeight } = this.#steps;
    if (chosen.offsetTop < scrollTop) this.#steps.scrollTop = chosen.offsetTop;
    const beyond = chosen.offsetTop + chosen.offsetHeight - clientHeight;
    if (beyond > scrollTop) this.#steps.scrollTop = beyond;

    const { steps } = thought;
    const step = steps[at];
    const before = steps[at - 1];
    const { minSteps } = this.#header.halting;
    const priced = Math.max(0, at + 1 - minSteps);
    setText(this.#heading, `After step ${at + 1} of ${steps.length}`);
    fill(
      this.#facts,
      ...fact('Halting probability', formatShare(step.halt)),
      ...fact('Then', verdict(this.#header, thought, at)),
      ...fact('Value', formatNumber(step.value) + changeText(step.value - before?.value)),
      ...fact(
        'Price so far',
        `${formatNumber(priced * this.#header.price)} (${priced} × ${formatNumber(this.#header.price)})`,
      ),
    );
    const actions = actionsOf(this.#header, decision);
    const { labels, heading, scale, isShare, taken, alike } = actions;
    const shown = shownOf(step.actions, actions);
    const others = labels.length - shown.length;
    const rest = shown.reduce((sum, i) => sum - step.actions[i], 1);
    // A list that scrolls needs the focus for the keyboard.
    this.#actions.tabIndex = shown.length > UNSCROLLED ? 0 : -1;
    setText(this.#hint, `${heading}${before ? '; a tick marks the number one step before' : ''}.`);
    fill(
      this.#actions,
      ...shown.map((i) => {
        const share = step.actions[i];
        const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
        bar.append(h('span', { class: 'fill' }), h('span', { class: 'was', hidden: !before }));
        setSpan(bar, share, ...scale(i));
        if (before) setTick(bar, before.actions[i], ...scale(i));
        // The mask of a joint action has another order, and rows for what was not chosen.
        const isAllowed = alike ? decision.mask?.[i] !== 0 : !(isShare(i) && share === 0);
        const note = taken.has(i) ? '◀ taken' : isAllowed ? '' : 'forbidden';
        return h(
          'div',
          { role: 'listitem', class: taken.has(i) ? 'row taken' : 'row' },
          h('span', { class: 'label' }, labels[i]),
          bar,
          h('span', { class: 'number' }, isShare(i) ? formatShare(share) : formatNumber(share)),
          h('span', { class: 'note' }, note),
        );
      }),
      others > 0 && isShare(0) && shareRow(`${others} others`, '', Math.max(0, rest)),
    );
  }
}

/** The choices to show, in order: where they are many, the likeliest ones and the one taken. */
function shownOf(numbers: readonly number[], { ranked, taken }: Actions): number[] {
  if (!ranked) return [...numbers.keys()];
  const order = largestFirst(numbers);
  const first = order.slice(0, LISTED);
  return [...first, ...order.slice(LISTED).filter((i) => taken.has(i))];
}

function fact(name: string, text: string): HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, text)];
}

function changeText(change: number): string {
  if (Number.isNaN(change)) return '';
  return ` (${change < 0 ? '' : '+'}${formatNumber(change)})`;
}

/** The text for the token or the entry of memory with the most attention in a step. */
function mostAttended(
  header: RecordingHeader,
  { attention, memory = [] }: RecordedDecision['thought']['steps'][number],
  obs: unknown,
  recalled: readonly Recalled[],
): string {
  const share = Math.max(...attention, ...memory);
  const token = attention.indexOf(share);
  if (token < 0) {
    const entry = recalledText(recalled[memory.indexOf(share)]);
    return `attends to the memory of ${entry}: ${formatShare(share)}`;
  }
  const { label } = header.tokens[token];
  return `attends to ${label} ${tokenNote(header, token, obs)} ${formatShare(share)}`;
}
