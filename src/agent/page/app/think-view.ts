import { fill, h } from './dom.ts';
import { mountInspector } from './inspector.ts';
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
  const update = () => {
    head.show(
      link.runs?.find(({ name }) => name === run),
      link.runs !== undefined,
    );
  };
  update();
  const ends = link.onChange(update);
  const unmount = mountInspector(place, { run, request, connect, announce, signal: gone.signal });
  return () => {
    gone.abort();
    unmount();
    ends();
  };
}
