import type { RunSummary } from '../server/page-messages.ts';
import { fill, h } from './dom.ts';
import { formatAgo, formatNumber, formatPercent } from './format.ts';
import type { LiveLink } from './live-link.ts';
import { hrefOf, hrefOfCompared } from './route.ts';
import { stateBadge } from './state-badge.ts';

const head = [
  'Compare',
  'Run',
  'State',
  'Progress',
  'Return',
  'Net return',
  'Ponder steps',
  'Decisions/s',
  'Alarms',
  'Last activity',
];

/** Mounts the list of runs, with a checkbox each for comparing. @returns a function that removes it */
export function mountRuns(element: HTMLElement, link: LiveLink): () => void {
  const chosen = new Set<string>();
  const rows = new Map<string, { shown: string; row: HTMLElement }>();
  const body = h('tbody', { role: 'rowgroup' });
  const compare = h('a', { class: 'button', href: '#/' }, 'Compare');
  const none = h('p', { class: 'none' });
  const table = h(
    'table',
    { class: 'runs', role: 'table', 'aria-label': 'Runs' },
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        ...head.map((name) => h('th', { scope: 'col', role: 'columnheader' }, name)),
      ),
    ),
    body,
  );
  fill(element, h('h1', {}, 'Runs'), none, table, h('div', { class: 'actions' }, compare));

  const choose = (name: string, checked: boolean) => {
    if (checked) chosen.add(name);
    else chosen.delete(name);
    compare.href = hrefOfCompared([...chosen]);
    compare.hidden = chosen.size < 2;
    compare.textContent = `Compare ${chosen.size} runs`;
  };
  choose('', false);

  const update = () => {
    const { runs } = link;
    table.hidden = !runs?.length;
    none.hidden = !table.hidden;
    none.textContent = runs ? 'No runs yet. A run appears here as soon as it begins.' : 'Reading…';
    const names = new Set(runs?.map(({ name }) => name));
    for (const [name, { row }] of rows) {
      if (names.has(name)) continue;
      row.remove();
      rows.delete(name);
      choose(name, false);
    }
    for (const run of runs ?? []) {
      const shown = JSON.stringify([run, formatAgo(run.heardAt, Date.now())]);
      const known = rows.get(run.name);
      if (known?.shown === shown) continue;
      const cells = cellsOf(run);
      if (known) {
        // The cells of checkbox and link stay, so that they keep the focus.
        for (const [i, cell] of cells.entries()) if (i > 1) known.row.children[i].replaceWith(cell);
        known.shown = shown;
      } else {
        const box = h('input', {
          type: 'checkbox',
          'aria-label': `Compare ${run.name}`,
          change: ({ target }: { target: HTMLInputElement }) => choose(run.name, target.checked),
        });
        cells[0].append(box);
        const row = h('tr', { role: 'row' }, ...cells);
        rows.set(run.name, { shown, row });
        body.append(row);
      }
    }
  };
  update();
  const ends = link.onChange(update);
  const clock = setInterval(update, 10_000);
  return () => {
    ends();
    clearInterval(clock);
  };
}

function cellsOf(run: RunSummary): HTMLElement[] {
  const cell = (i: number, ...children: (Node | string)[]) =>
    h('td', { role: 'cell', 'data-label': head[i] }, ...children);
  const { name, totalSteps, envSteps } = run;
  const share = totalSteps === null ? null : Math.min(1, envSteps / totalSteps);
  const progress = h('progress', { max: 1, value: share ?? 0, 'aria-label': 'Progress' });
  const alarms = h(
    'span',
    { class: run.alarms > 0 ? 'count some' : 'count' },
    formatNumber(run.alarms),
  );
  return [
    cell(0),
    h(
      'th',
      { scope: 'row', role: 'rowheader', 'data-label': head[1] },
      h('a', { href: hrefOf(name) }, name),
      h('span', { class: 'env' }, run.env),
    ),
    cell(2, stateBadge(run.state, run.reason)),
    cell(3, progress, h('span', { class: 'share' }, formatPercent(share))),
    cell(4, formatNumber(run.return)),
    cell(5, formatNumber(run.netReturn)),
    cell(6, formatNumber(run.ponderSteps)),
    cell(7, formatNumber(run.decisionsPerSecond)),
    cell(8, alarms),
    cell(9, formatAgo(run.heardAt, Date.now())),
  ];
}
