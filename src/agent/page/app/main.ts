import { mountCompare } from './compare-view.ts';
import { setText } from './dom.ts';
import { LiveLink } from './live-link.ts';
import { takeToken } from './page-requests.ts';
import { mountPlay } from './play-view.ts';
import { type Route, routeOf } from './route.ts';
import { mountRun } from './run-view.ts';
import { mountRuns } from './runs-view.ts';
import { mountThink } from './think-view.ts';

const main = document.querySelector<HTMLElement>('#main')!;
const status = document.querySelector<HTMLElement>('#link')!;
const announcer = document.querySelector<HTMLElement>('#announcer')!;

const link = new LiveLink();
const announce = (text: string) => setText(announcer, text);
let unmount: (() => void) | undefined;

function mount(route: Route): () => void {
  switch (route.view) {
    case 'runs':
      return mountRuns(main, link);
    case 'run':
      return mountRun(main, route.run, link);
    case 'think':
      return mountThink(main, route.run, link, announce);
    case 'play':
      return mountPlay(main, route.run, link, announce);
    case 'compare':
      return mountCompare(main, route.runs, link);
  }
}

function titleOf(route: Route): string {
  if (route.view === 'runs') return 'Runs';
  return route.view === 'compare' ? route.runs.join(' and ') : route.run;
}

function show(): void {
  const route = routeOf(location.hash);
  unmount?.();
  document.title = `${titleOf(route)} · Pondera`;
  unmount = mount(route);
}

/** Alarms by run, so that a screen reader announces each new one once. */
const alarms = new Map<string, number>();
function watchAlarms(): void {
  for (const { name, alarms: count } of link.runs ?? []) {
    const before = alarms.get(name);
    if (before !== undefined && count > before) announce(`${name}: a new alarm`);
    alarms.set(name, count);
  }
}

function showLink(): void {
  const words = {
    connecting: 'connecting…',
    live: 'live',
    lost: 'not connected; this page may be out of date',
  };
  status.className = `link ${link.state}`;
  setText(status, link.problem || words[link.state]);
}

takeToken();
link.onChange(showLink);
link.onChange(watchAlarms);
showLink();
link.open();
addEventListener('hashchange', () => {
  takeToken();
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();
