import { h } from './dom.ts';
import { formatShare } from './format.ts';
import { setSpan } from './span.ts';

/** A row of a list of shares: its name, a bar and the number. */
export function shareRow(label: string, note: string, share: number): HTMLElement {
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' }, h('span', { class: 'fill' }));
  setSpan(bar, share, 0, 1);
  return h(
    'div',
    { role: 'listitem', class: 'row' },
    h('span', { class: 'label' }, label, note && h('span', { class: 'note' }, ` ${note}`)),
    bar,
    h('span', { class: 'number' }, formatShare(share)),
  );
}

/** The indices of shares, the largest first. */
export function largestFirst(shares: readonly number[]): number[] {
  return [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
}
