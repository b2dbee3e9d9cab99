import { fill, h } from './dom.ts';
import { Inspector } from './inspector.ts';
import type { LiveLink } from './live-link.ts';
import { connect, request } from './page-requests.ts';
import { RunHead } from './run-view.ts';

/** Mounts the thought inspector of a run, below the run's head. @returns a function that removes it */
export function mountThink(
  element: HTMLElement,
  run: string,
  link: LiveLink,
  announce: (text: string) => void,
): () => void {
  const head = new RunHead(run, 'think');
  const place = h('section', { class: 'inspector', 'aria-label': 'Thoughts' });
  const gone = new AbortController();
  fill(element, head.element, place);
  const inspector = new Inspector(place, { run, request, connect, announce, signal: gone.signal });
  const update = () => {
    const summary = link.runs?.find(({ name }) => name === run);
    head.show(summary, link.runs !== undefined);
    inspector.generates = summary?.generates ?? false;
  };
  update();
  const ends = link.onChange(update);
  return () => {
    gone.abort();
    inspector.dispose();
    ends();
  };
}
