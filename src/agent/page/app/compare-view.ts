import { fill, h } from './dom.ts';
import { FigureGrid } from './figure-grid.ts';
import { comparedOf, envFigures, figures } from './figures.ts';
import type { LiveLink } from './live-link.ts';
import { hrefOf } from './route.ts';
import { RunData } from './run-data.ts';
import { ENV_METRICS } from './series.ts';

/** Mounts the comparison of runs: one line a run in each figure. @returns a function that removes it */
export function mountCompare(
  element: HTMLElement,
  runs: readonly string[],
  link: LiveLink,
): () => void {
  const compared = figures.filter((figure) => figure.compared !== undefined);
  const names = [...compared.map((figure) => figure.compared!), ENV_METRICS];
  const problem = h('p', { class: 'problem', role: 'alert' });
  const grid = new FigureGrid({
    figures: compared.map(({ paint: _, ...figure }) => figure),
    drawn: (figure, axis) => comparedOf(figure.compared!, all, axis),
    onView: (axis, range) => {
      for (const data of all) {
        Object.assign(data, { axis, range });
        void data.load();
      }
    },
  });
  const update = () => {
    const problems = all.filter((data) => data.problem !== '');
    problem.textContent = problems.map((data) => `${data.run}: ${data.problem}`).join('; ');
    problem.hidden = problems.length === 0;
    grid.add(envFigures(all));
    grid.update();
  };
  const all: RunData[] = [];
  all.push(...runs.map((run) => new RunData(run, names, link, () => update())));
  const links = runs.map((run) => h('li', {}, h('a', { href: hrefOf(run) }, run)));
  fill(
    element,
    h('h1', {}, `${runs.length} runs compared`),
    h('ul', { class: 'compared' }, ...links),
    problem,
    grid.element,
  );
  update();
  return () => {
    for (const data of all) data.dispose();
    grid.dispose();
  };
}
