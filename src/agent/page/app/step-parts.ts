import type { Actions } from './actions.ts';
import { h } from './dom.ts';
import { largestFirst } from './share-row.ts';
import { setSpan } from './span.ts';

/** The most actions side by side. */
const COLUMNS = 24;

/** A labeled number over a bar on a scale. */
export function measure(
  name: string,
  text: string,
  x: number,
  scale: [number, number],
): HTMLElement {
  const element = h(
    'span',
    { class: `measure ${name}` },
    h('span', { class: 'name' }, name),
    h('span', { class: 'figure' }, text),
    h('span', { class: 'track', 'aria-hidden': 'true' }, h('span', { class: 'fill' })),
  );
  setSpan(element, x, ...scale);
  return element;
}

/** The three likeliest of many choices in words. */
export function likeliest(numbers: readonly number[], { labels }: Actions): HTMLElement {
  const first = largestFirst(numbers).slice(0, 3);
  return h(
    'span',
    { class: 'likeliest' },
    ...first.map((i) => h('span', {}, h('b', {}, labels[i]), ` ${numbers[i].toFixed(2)}`)),
  );
}

/** A distribution as columns side by side. */
export function columns(numbers: readonly number[], { alike, scale }: Actions): HTMLElement {
  const most = alike ? numbers.indexOf(Math.max(...numbers)) : -1;
  return h(
    'span',
    { class: 'columns', 'aria-hidden': 'true' },
    ...numbers.slice(0, COLUMNS).map((x, i) => {
      const part = h('span', { class: i === most ? 'column most' : 'column' }, h('span'));
      setSpan(part, x, ...scale(i));
      return part;
    }),
  );
}
