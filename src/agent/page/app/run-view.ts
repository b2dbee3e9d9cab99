import type { RunSummary } from '../server/page-messages.ts';
import { AlarmNotice } from './alarm-notice.ts';
import { Controls } from './controls.ts';
import { Difficulty } from './difficulty.ts';
import { fill, h, setText } from './dom.ts';
import { EventList } from './event-list.ts';
import { FigureGrid } from './figure-grid.ts';
import { drawnOf, envFigures, figures, statisticFigure } from './figures.ts';
import { formatDuration, formatNumber, formatPercent } from './format.ts';
import type { LiveLink } from './live-link.ts';
import { hrefOf, type RunView } from './route.ts';
import { RunData } from './run-data.ts';
import { SERIES } from './series.ts';
import { stateBadge } from './state-badge.ts';

/** Mounts the page of one run: its state, curves and events. @returns a function that removes it */
export function mountRun(element: HTMLElement, run: string, link: LiveLink): () => void {
  const head = new RunHead(run, 'run');
  const facts = h('dl', { class: 'facts' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const waiting = h('p', { class: 'none' });
  const difficulty = new Difficulty();
  const alarm = new AlarmNotice(() => events.element.scrollIntoView());
  const events = new EventList();
  const grid = new FigureGrid({
    figures,
    drawn: (figure) => drawnOf(figure, data),
    onView: (axis, range) => {
      Object.assign(data, { axis, range });
      void data.load();
    },
  });
  const update = () => {
    setText(problem, data.problem);
    problem.hidden = data.problem === '';
    setText(waiting, data.missing ? 'This run has no metrics yet.' : 'Reading…');
    waiting.hidden = data.loaded || !problem.hidden;
    facts.hidden = grid.element.hidden = !data.loaded;
    alarm.show(data.events);
    fill(facts, ...factsOf(data, head.summary));
    grid.add(data.statistics.map(([name, meaning]) => statisticFigure(name, meaning)));
    grid.add(envFigures([data]));
    grid.update();
    difficulty.show(data.evaluations);
    events.show(data.events);
  };
  const data: RunData = new RunData(run, SERIES, link, () => update());
  const updateHead = () => {
    head.show(
      link.runs?.find(({ name }) => name === run),
      link.runs !== undefined,
    );
  };
  fill(
    element,
    head.element,
    problem,
    waiting,
    alarm.element,
    facts,
    grid.element,
    difficulty.element,
    events.element,
  );
  updateHead();
  update();
  const ends = link.onChange(updateHead);
  return () => {
    ends();
    data.dispose();
    grid.dispose();
    difficulty.dispose();
  };
}

/** The head of each view of a run: its name, its state and its controls. */
export class RunHead {
  readonly element: HTMLElement;
  summary: RunSummary | undefined;
  readonly #state = h('span');
  readonly #about = h('p', { class: 'about' });
  readonly #progress = h('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
  readonly #controls = new Controls();

  readonly #play: HTMLElement;

  constructor(run: string, view: RunView) {
    const tab = (name: RunView, label: string) =>
      h(
        'a',
        { href: hrefOf(run, name), 'aria-current': name === view ? 'page' : undefined },
        label,
      );
    this.#controls.element.hidden = true;
    this.#play = tab('play', 'Play');
    // An address that names it is answered in words.
    this.#play.hidden = view !== 'play';
    this.element = h(
      'div',
      { class: 'run-head' },
      h('div', { class: 'title' }, h('h1', {}, run), this.#state, this.#controls.element),
      this.#progress,
      this.#about,
      h(
        'nav',
        { class: 'tabs', 'aria-label': 'Views of the run' },
        tab('run', 'Curves'),
        tab('think', 'Thoughts'),
        this.#play,
      ),
    );
  }

  /** @param known true once the list of runs has arrived, so that a run without a summary does not exist */
  show(summary: RunSummary | undefined, known: boolean): void {
    this.summary = summary;
    if (!summary) {
      setText(this.#about, known ? 'No run has this name. It may have been removed.' : '');
      return;
    }
    const { state, reason, envSteps, totalSteps, env, update, game } = summary;
    this.#play.hidden &&= !game;
    fill(this.#state, stateBadge(state, reason));
    const share = totalSteps === null ? null : Math.min(1, envSteps / totalSteps);
    this.#progress.value = share ?? 0;
    const of = totalSteps === null ? '' : ` of ${formatNumber(totalSteps)}`;
    setText(
      this.#about,
      [
        env,
        `${formatNumber(envSteps)}${of} environment steps (${formatPercent(share)})`,
        `update ${formatNumber(update)}`,
        reason,
      ]
        .filter(Boolean)
        .join(' · '),
    );
    this.#controls.show(summary);
  }
}

function factsOf(data: RunData, summary: RunSummary | undefined): HTMLElement[] {
  const elapsed = data.latest('elapsed');
  const steps = data.latest('envSteps');
  const total = summary?.totalSteps ?? null;
  const left =
    elapsed !== null &&
    steps !== null &&
    steps > 0 &&
    total !== null &&
    summary?.state === 'running'
      ? (Math.max(0, total - steps) * elapsed) / steps
      : null;
  const facts: [string, string][] = [
    ['Return', formatNumber(data.latest('return'))],
    ['Net return', formatNumber(data.latest('netReturn'))],
    ['Ponder steps', formatNumber(data.latest('ponderSteps.mean'))],
    ['Price', formatNumber(data.latest('price'))],
    ['Decisions/s', formatNumber(data.latest('decisionsPerSecond'))],
    ['Trained for', formatDuration(elapsed)],
  ];
  if (left !== null) facts.push(['Time left', formatDuration(left)]);
  return facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
}
