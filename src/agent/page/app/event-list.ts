import type { RunEvent } from '../server/page-messages.ts';
import { fill, h } from './dom.ts';
import { formatTime } from './format.ts';

/** Advice by type of event. */
const advice: Record<string, string> = {
  alarm:
    'See the distribution of ponder steps and the price; the message names the settings to change.',
  incident: 'The update was undone, and training continued. Its data is in incidents/ of the run.',
  lost: 'Environments disconnected, and their episodes were lost. If this continues, look at the environments’ own logs.',
  damaged:
    'A damaged checkpoint was moved away, and the run went back to an older one. Check the disk.',
  failed: 'Training has ended. Fix the problem that the message names, then resume the run.',
};

/** The events of a run, the latest first. */
export class EventList {
  readonly element: HTMLElement;
  readonly #list = h('ol', { class: 'events' });
  #shown: readonly RunEvent[] | undefined;

  constructor() {
    this.element = h('section', { class: 'panel' }, h('h2', {}, 'Events'), this.#list);
    this.show([]);
  }

  show(events: readonly RunEvent[]): void {
    if (events === this.#shown) return;
    this.#shown = events;
    if (events.length === 0) fill(this.#list, h('li', { class: 'none' }, 'No events yet.'));
    else fill(this.#list, ...events.toReversed().slice(0, MOST).map(item));
  }
}

/** The most events in the list. */
const MOST = 200;

function item({ time, type, level, message }: RunEvent): HTMLElement {
  return h(
    'li',
    { class: level },
    h(
      'p',
      { class: 'when' },
      h('span', { class: 'kind' }, type),
      h('time', { datetime: time }, formatTime(time)),
    ),
    h('p', { class: 'message' }, message),
    advice[type] !== undefined && h('p', { class: 'advice' }, advice[type]),
  );
}
