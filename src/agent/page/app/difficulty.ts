import type { EvaluationPoint } from '../server/page-messages.ts';
import { Chart } from './chart.ts';
import { fill, h } from './dom.ts';
import { formatNumber, formatPercent, formatShort } from './format.ts';
import type { Drawn } from './lines.ts';
import { lineStyle, onThemeChange } from './theme.ts';

/** The most lines of a chart: more look alike. */
const MOST = 10;

/** Ponder steps by difficulty: in the latest evaluation, and from one evaluation to the next. */
export class Difficulty {
  readonly element: HTMLElement;
  readonly #latest = h('div');
  readonly #chart: Chart;
  readonly #endTheme: () => void;
  #shown: readonly EvaluationPoint[] | undefined;

  constructor() {
    this.#chart = new Chart({
      title: 'Over evaluations',
      about: 'Mean ponder steps at each difficulty.',
      format: formatNumber,
      axis: () => ({ label: 'environment step', format: formatShort }),
    });
    this.#endTheme = onThemeChange(() => this.#chart.refresh());
    this.element = h(
      'section',
      { class: 'panel' },
      h('h2', {}, 'Ponder steps by difficulty'),
      h(
        'p',
        {},
        'Does the policy think longer where the task is harder? And does it succeed there?',
      ),
      h('div', { class: 'grid' }, this.#latest, this.#chart.element),
    );
  }

  show(evaluations: readonly EvaluationPoint[]): void {
    if (evaluations === this.#shown) return;
    this.#shown = evaluations;
    this.element.hidden = evaluations.length === 0;
    const latest = evaluations.at(-1);
    if (!latest) return;
    fill(this.#latest, ...latestTable(latest));
    this.#chart.show(drawn(evaluations));
  }

  dispose(): void {
    this.#endTheme();
    this.#chart.dispose();
  }
}

function latestTable({ envSteps, byDifficulty }: EvaluationPoint): HTMLElement[] {
  const most = Math.max(1, ...byDifficulty.map(({ ponderSteps }) => ponderSteps ?? 0));
  const head = ['Difficulty', 'Ponder steps', 'Success', 'Decisions'];
  const rows = byDifficulty.map(({ difficulty, ponderSteps, successRate, decisions }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, formatNumber(difficulty)),
      h('td', { class: 'bar' }, meter((ponderSteps ?? 0) / most, 'c1'), formatNumber(ponderSteps)),
      h('td', { class: 'bar' }, meter(successRate ?? 0, 'c3'), formatPercent(successRate)),
      h('td', {}, formatNumber(decisions)),
    ),
  );
  return [
    h('h3', {}, 'In the latest evaluation'),
    h('p', {}, `After ${formatNumber(envSteps)} environment steps.`),
    h(
      'div',
      {
        class: 'scroll',
        tabindex: 0,
        role: 'region',
        'aria-label': 'Ponder steps by difficulty, table',
      },
      h(
        'table',
        { class: 'bars' },
        h('thead', {}, h('tr', {}, ...head.map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, ...rows),
      ),
    ),
  ];
}

/** A bar for `share` of its track; the number stands beside it. */
function meter(share: number, color: string): HTMLElement {
  const bar = h('span', { class: `fill ${color}` });
  bar.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  return h('span', { class: 'meter', 'aria-hidden': 'true' }, bar);
}

function drawn(evaluations: readonly EvaluationPoint[]): Drawn {
  const all = new Set(
    evaluations.flatMap(({ byDifficulty }) => byDifficulty.map((d) => d.difficulty)),
  );
  const difficulties = [...all].sort((a, b) => a - b);
  // With many difficulties, only every n-th has a line.
  const every = Math.ceil(difficulties.length / MOST);
  const shown = difficulties.filter((_, i) => i % every === 0);
  return {
    x: evaluations.map(({ envSteps }) => envSteps),
    lines: shown.map((difficulty, i) => ({
      label: formatNumber(difficulty),
      ...lineStyle(i),
      spans: true,
      values: evaluations.map(
        ({ byDifficulty }) =>
          byDifficulty.find((entry) => entry.difficulty === difficulty)?.ponderSteps ?? null,
      ),
    })),
  };
}
