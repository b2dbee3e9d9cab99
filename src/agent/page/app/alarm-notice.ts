import type { RunEvent } from '../server/page-messages.ts';
import { h, setText } from './dom.ts';
import { formatTime } from './format.ts';

/** Shows the latest alarm of a run at the top of its page; hidden where there is none. */
export class AlarmNotice {
  readonly element: HTMLElement;
  readonly #message = h('p');

  /** @param onAll shows all events */
  constructor(onAll: () => void) {
    const all = h('button', { type: 'button', click: onAll }, 'All events');
    this.element = h(
      'aside',
      { class: 'notice', 'aria-label': 'Latest alarm' },
      this.#message,
      all,
    );
    this.element.hidden = true;
  }

  show(events: readonly RunEvent[]): void {
    const alarms = events.filter(({ level }) => level === 'alarm');
    const latest = alarms.at(-1);
    this.element.hidden = latest === undefined;
    if (!latest) return;
    const before = alarms.length > 1 ? ` (${alarms.length - 1} before it)` : '';
    setText(this.#message, `${formatTime(latest.time)}: ${latest.message}${before}`);
  }
}
