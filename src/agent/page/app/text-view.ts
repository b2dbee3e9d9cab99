import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';
import { fill, h, setText } from './dom.ts';
import { formatNumber } from './format.ts';
import type { Recalled } from './recalled.ts';
import type { Tokens } from './recorded-space.ts';
import type { RecordingReader } from './recording-reader.ts';
import { nameOf, textOf } from './token-text.ts';

/** Shades of tokens, from the fewest ponder steps to the most. */
const SHADES = 6;

/** A recording of tokens as a text: each token that the policy wrote is tinted by its ponder steps. */
export class TextView {
  readonly element: HTMLElement;
  readonly #text = h('div', {
    ...{ role: 'listbox', tabindex: 0, class: 'tokens', 'aria-label': 'Tokens' },
  });
  readonly #about = h('p', { class: 'hint' });
  readonly #film: RecordingReader;
  readonly #tokens: Tokens;
  readonly #most: number;
  /** The token that each decision wrote. */
  readonly #written: HTMLElement[] = [];
  /** What each decision saw: tokens that asked for no action, and its own observation. */
  readonly #seen: HTMLElement[][] = [];
  #episode: HTMLElement | undefined;
  #selected: HTMLElement | undefined;
  #lit: HTMLElement[] = [];
  #steps = 0;

  /** @param choose called with the index of the decision whose token a user clicks */
  constructor(
    { halting }: RecordingHeader,
    film: RecordingReader,
    tokens: Tokens,
    choose: (decision: number) => void,
  ) {
    this.#film = film;
    this.#tokens = tokens;
    this.#most = halting.maxSteps;
    this.#text.addEventListener('click', ({ target }) => {
      const token = (target as Element).closest<HTMLElement>('[role=option]');
      if (token) choose(this.#written.indexOf(token));
    });
    this.element = h(
      'section',
      { class: 'panel text-view', 'aria-label': 'The text' },
      h('h2', {}, 'The text'),
      this.#text,
      this.#legend(),
      this.#about,
    );
  }

  /** Whether an element is the list of tokens, where arrow keys choose one. */
  owns(element: Element): boolean {
    return element === this.#text;
  }

  /** Writes the tokens that have arrived. */
  grow(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#text;
    const following = scrollTop + clientHeight >= scrollHeight - 4;
    const { decisions } = this.#film;
    while (this.#written.length < decisions.length) this.#add(decisions[this.#written.length]);
    if (following) this.#text.scrollTop = this.#text.scrollHeight;
    const { length } = decisions;
    const mean = formatNumber(this.#steps / Math.max(1, length));
    setText(
      this.#about,
      `${length} tokens, ${mean} ponder steps each on average. ` +
        'A line below a token shows how much the ponder step in view attends to it.',
    );
  }

  /** Shows which decision is in view. */
  select(at: number): void {
    this.#selected?.setAttribute('aria-selected', 'false');
    const token = this.#written[at];
    this.#selected = token;
    token.setAttribute('aria-selected', 'true');
    this.#text.setAttribute('aria-activedescendant', token.id);
    // Scroll the text, and not the page.
    const { scrollTop, clientHeight } = this.#text;
    if (token.offsetTop < scrollTop) this.#text.scrollTop = token.offsetTop;
    const beyond = token.offsetTop + token.offsetHeight - clientHeight;
    if (beyond > scrollTop) this.#text.scrollTop = beyond;
  }

  /** Underlines what a ponder step attends to of the past. @param recalled the entries of memory of its decision */
  light({ thought }: RecordedDecision, recalled: readonly Recalled[], step: number): void {
    for (const token of this.#lit) token.style.removeProperty('--light');
    const shares = thought.steps[step].memory ?? [];
    const most = Math.max(...shares);
    this.#lit = recalled.flatMap(({ place, part }, i) => {
      const token = this.#seen[place][part - 1];
      token?.style.setProperty('--light', (shares[i] / most).toFixed(3));
      return token ?? [];
    });
  }

  #add({ t, obs, earlier = [], action, thought }: RecordedDecision): void {
    const place = this.#written.length;
    if (t === 0 || this.#episode === undefined) this.#begin();
    const before = t > 0 ? this.#written[place - 1] : undefined;
    const echoed = before && earlier.length === 0 && obs === this.#film.decisions[place - 1].action;
    const seen = echoed
      ? [before]
      : [...earlier, obs].map((value) =>
          h(
            'span',
            { class: 'given', role: 'presentation' },
            textOf(this.#tokens, value as number),
          ),
        );
    if (!echoed) this.#episode!.append(...seen);
    this.#seen.push(seen);
    const { length } = thought.steps;
    const words = `${nameOf(this.#tokens, action as number)}: ${steps(length)}`;
    const token = h(
      'span',
      {
        ...{ role: 'option', id: `token-${place}`, class: `written shade-${this.#shade(length)}` },
        ...{ title: words, 'aria-label': words, 'aria-selected': 'false' },
      },
      textOf(this.#tokens, action as number),
    );
    this.#episode!.append(token);
    this.#written.push(token);
    this.#steps += length;
  }

  #begin(): void {
    const number = this.#text.childElementCount + 1;
    this.#episode = h('div', { role: 'group', 'aria-label': `Text ${number}` });
    this.#text.append(this.#episode);
  }

  #shade(n: number): number {
    if (this.#most <= SHADES) return n;
    return 1 + Math.round(((Math.min(n, this.#most) - 1) / (this.#most - 1)) * (SHADES - 1));
  }

  /** The shades, each with its ponder steps. */
  #legend(): HTMLElement {
    const ranges = new Map<number, [from: number, to: number]>();
    for (let n = 1; n <= this.#most; n++) {
      const shade = this.#shade(n);
      ranges.set(shade, [ranges.get(shade)?.[0] ?? n, n]);
    }
    const list = h('ul', { class: 'legend', 'aria-label': 'Tints by ponder steps' });
    fill(
      list,
      ...[...ranges].map(([shade, [from, to]]) =>
        h(
          'li',
          { class: `written shade-${shade}` },
          from === to ? steps(from) : `${from} to ${steps(to)}`,
        ),
      ),
    );
    return list;
  }
}

function steps(n: number): string {
  return n === 1 ? '1 ponder step' : `${n} ponder steps`;
}
