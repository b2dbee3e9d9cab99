import { bar, escapeHtml, formatNumber, formatPercent, legend } from './charts.ts';
import type { ReportData } from './report-data.ts';
import { none, section } from './section.ts';

/** The most actions that are shown of a step. */
const ACTIONS_SHOWN = 8;

/** The section with one decision, step by step. */
export function workedThought({ thought }: ReportData): string {
  const title = 'One worked thought';
  const about =
    'A single decision: after each ponder step, the probability of halting there, the value, and what it would do.';
  if (!thought || thought.trace.length === 0) {
    return section(title, about, none('No thought was recorded.'));
  }
  const { trace, actionLabels, action, difficulty, describes } = thought;
  const rank = (i: number) =>
    actionLabels[i] === action
      ? Infinity
      : Math.max(...trace.map(({ actions }) => actions[i] ?? 0));
  const actions = actionLabels.map((_, i) => i);
  const shown = actions
    .toSorted((a, b) => rank(b) - rank(a))
    .slice(0, ACTIONS_SHOWN)
    .sort((a, b) => a - b);
  const row = (label: string, share: number, color: string, className = '', text?: string) =>
    `<dt class="${className}" title="${escapeHtml(label)}">${escapeHtml(label)}</dt><dd>${bar(share, color)}<b class="${className}">${text ?? formatPercent(share)}</b></dd>`;
  const values = describes === 'values';
  const all = trace.flatMap(({ actions }) => actions);
  const [least, most] = [Math.min(...all, 0), Math.max(...all, 0)];
  const share = (value: number) => (values ? (value - least) / (most - least || 1) : value);
  const cards = trace.map(({ halt, value, actions }, i) => {
    const rows = shown.map((index) => {
      const label = actionLabels[index];
      const value = actions[index] ?? 0;
      const className = label === action ? 'chosen' : '';
      return row(label, share(value), 'c1', className, values ? formatNumber(value) : undefined);
    });
    const others = 1 - shown.reduce((sum, index) => sum + (actions[index] ?? 0), 0);
    if (shown.length < actionLabels.length && !values)
      rows.push(row('others', Math.max(0, others), 'c1'));
    const halting =
      halt === null ? '<dt>halt</dt><dd><span></span><b>no say</b></dd>' : row('halt', halt, 'c2');
    const distribution =
      rows.length > 0 ? `<dl>${rows.join('')}</dl>` : none('No action probabilities.');
    const last = i === trace.length - 1;
    return `<li${last ? ' class="last"' : ''}><h3>Step ${i + 1}${last ? ': acts' : ''}<span>value ${formatNumber(value)}</span></h3><dl class="halt">${halting}</dl>${distribution}</li>`;
  });
  const facts = [
    `It took ${trace.length} ponder ${trace.length === 1 ? 'step' : 'steps'}`,
    difficulty === undefined ? '' : ` at difficulty ${formatNumber(difficulty)}`,
    ` and then acted: ${action}.`,
  ].join('');
  const key = legend([
    { label: 'halting probability', color: 'c2', kind: 'line' },
    { label: `${values ? 'value' : 'probability'} of each action`, color: 'c1', kind: 'line' },
  ]);
  const obs = `<details><summary>Observation</summary><pre class="obs">${escapeHtml(thought.obs)}</pre></details>`;
  const body = `<p>${escapeHtml(facts)}</p>${key}<ol class="thought">${cards.join('')}</ol>${obs}`;
  return section(title, about, body);
}
