import { fill, h } from './dom.ts';
import { GameTable } from './game-table.ts';
import type { LiveLink } from './live-link.ts';
import { connect } from './page-requests.ts';
import { RunHead } from './run-view.ts';

/** Mounts a game against a run, below the run's head. @returns a function that removes it */
export function mountPlay(
  element: HTMLElement,
  run: string,
  link: LiveLink,
  announce: (text: string) => void,
): () => void {
  const head = new RunHead(run, 'play');
  const none = h(
    'p',
    { class: 'none', hidden: true },
    'This run plays no built-in game, so there is nothing to play against it.',
  );
  const query = new URLSearchParams({ run });
  const table = new GameTable(() => connect(`/v1/play?${query}`), announce);
  fill(element, head.element, none, table.element);
  const update = () => {
    const summary = link.runs?.find(({ name }) => name === run);
    head.show(summary, link.runs !== undefined);
    none.hidden = summary?.game !== false;
    table.element.hidden = summary?.game !== true;
  };
  update();
  const ends = link.onChange(update);
  return () => {
    table.dispose();
    ends();
  };
}
