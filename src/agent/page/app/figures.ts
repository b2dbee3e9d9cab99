import { formatBytes, formatNumber, formatPercent } from './format.ts';
import { paintShares, shareOf } from './heat-map.ts';
import type { Drawn, Line } from './lines.ts';
import type { ChartOptions } from './plot.ts';
import type { Axis, RunData } from './run-data.ts';
import { HISTOGRAM, TIME_CATEGORIES } from './series.ts';
import { lineStyle } from './theme.ts';
import type { Values } from './values.ts';

/** One figure of the page: what it says, and its lines from what there is of a run. */
export interface Figure
  extends Pick<ChartOptions, 'title' | 'about' | 'format' | 'range' | 'ticks'> {
  paint?: ChartOptions['paint'];
  lines: (data: RunData) => Line[];
  /** Shows where the halting head was released. */
  marked?: boolean;
  /** What is compared between runs; not compared unless given. */
  compared?: string;
}

export const figures: Figure[] = [
  {
    title: 'Return',
    marked: true,
    about: 'Mean return of an episode, and net of the price of pondering. Points: evaluations.',
    format: formatNumber,
    compared: 'return',
    lines: (data) => [
      line(data, 'return', 'return', { colour: 'c1', spans: true }),
      line(data, 'net return', 'netReturn', { colour: 'c2', dash: [6, 3], spans: true }),
      ...some(data, 'evaluated', 'evaluation.return.mean', { colour: 'c1', dots: true }),
      ...some(data, 'evaluated, net', 'evaluation.netReturn.mean', { colour: 'c2', dots: true }),
    ],
  },
  {
    title: 'Success rate',
    about: 'Share of episodes that reached their goal, where the environment says so.',
    format: formatPercent,
    range: (min, max) => [Math.min(0, min), Math.max(1, max)],
    compared: 'successRate',
    lines: (data) => [
      ...some(data, 'success', 'successRate', { colour: 'c1', spans: true }),
      ...some(data, 'evaluated', 'evaluation.successRate', { colour: 'c1', dots: true }),
    ],
  },
  {
    title: 'Ponder steps',
    marked: true,
    about: 'How long a decision is thought about, where that was the policy’s own choice.',
    format: formatNumber,
    compared: 'ponderSteps.mean',
    lines: (data) => [
      line(data, 'mean', 'ponderSteps.mean', { colour: 'c1' }),
      line(data, '95 % take at most', 'ponderSteps.p95', { colour: 'c3', dash: [2, 3] }),
      ...some(data, 'evaluated', 'evaluation.ponderSteps.mean', { colour: 'c1', dots: true }),
    ],
  },
  {
    title: 'Distribution of ponder steps',
    marked: true,
    about:
      'Share of decisions that took so many steps: the stronger, the more. The line is their mean.',
    format: formatNumber,
    ticks: 'whole',
    paint: paintShares,
    range: (_, __, { lines }) => [0.5, lines.length - 0.5],
    lines: (data) => [line(data, 'mean', 'ponderSteps.mean', { colour: 'ink' }), ...shares(data)],
  },
  {
    title: 'Price',
    marked: true,
    about: 'Taken from the reward for each ponder step beyond the first ones, in its unit.',
    format: formatNumber,
    compared: 'price',
    lines: (data) => [line(data, 'price', 'price', { colour: 'c1' })],
  },
  {
    title: 'Entropy',
    marked: true,
    about:
      'Of actions and of halting, in nats a decision. Near zero there is nothing left to explore.',
    format: formatNumber,
    compared: 'entropy',
    lines: (data) => [
      line(data, 'actions', 'entropy', { colour: 'c1' }),
      line(data, 'halting', 'haltEntropy', { colour: 'c2', dash: [6, 3] }),
    ],
  },
  {
    title: 'Policy losses',
    about: 'Clipped surrogate losses of actions and of halting.',
    format: formatNumber,
    lines: (data) => [
      line(data, 'actions', 'policyLoss', { colour: 'c1' }),
      line(data, 'halting', 'haltLoss', { colour: 'c2', dash: [6, 3] }),
    ],
  },
  {
    title: 'Value loss',
    about: 'How far returns were from what was foreseen, squared.',
    format: formatNumber,
    compared: 'valueLoss',
    lines: (data) => [line(data, 'value', 'valueLoss', { colour: 'c1' })],
  },
  {
    title: 'Change of the policy',
    about: 'KL divergence of an update: how far it moved actions and halting.',
    format: formatNumber,
    lines: (data) => [
      line(data, 'actions', 'kl', { colour: 'c1' }),
      line(data, 'halting', 'haltKl', { colour: 'c2', dash: [6, 3] }),
    ],
  },
  {
    title: 'Gradient norm',
    about: 'Before clipping.',
    format: formatNumber,
    lines: (data) => [line(data, 'norm', 'gradNorm', { colour: 'c1' })],
  },
  {
    title: 'Decisions per second',
    about: 'Of the seconds that did not go to evaluation and checkpoints.',
    format: formatNumber,
    compared: 'decisionsPerSecond',
    range: (_, max) => [0, Number.isFinite(max) ? max * 1.06 : 1],
    lines: (data) => [line(data, 'decisions/s', 'decisionsPerSecond', { colour: 'c1' })],
  },
  {
    title: 'Where time goes',
    about: 'Share of each phase in the time of an update.',
    format: formatPercent,
    range: () => [0, 1],
    lines: phases,
  },
  {
    title: 'Memory',
    about: 'Of the training process: as the system counts it, and what of it is whose.',
    format: formatBytes,
    ticks: 'bytes',
    range: (_, max) => [0, Number.isFinite(max) ? max * 1.06 : 1],
    lines: (data) => [
      line(data, 'resident', 'rssBytes', { colour: 'c1' }),
      ...some(data, 'JavaScript', 'heapBytes', { colour: 'c2', dash: [6, 3] }),
      ...some(data, 'buffers', 'externalBytes', { colour: 'c3', dash: [2, 3] }),
      ...some(data, 'arena', 'arenaBytes', { colour: 'c4', dash: [8, 3, 2, 3] }),
    ],
  },
  {
    title: 'Tensors',
    about: 'Alive after an update: a line that rises for ever is a leak.',
    format: formatNumber,
    lines: (data) => [line(data, 'tensors', 'tensors', { colour: 'c1' })],
  },
];

/** A figure of a statistic, such as a halting rule's own. @param meaning a clause */
export function statisticFigure(name: string, meaning: string): Figure {
  return {
    title: name,
    about: `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`,
    format: formatNumber,
    lines: (data) => [line(data, name, name, { colour: 'c1' })],
  };
}

type Style = Pick<Line, 'colour' | 'dash' | 'dots' | 'spans'>;

function line(data: RunData, label: string, name: string, style: Style): Line {
  return { label, values: data.column(name) ?? [], ...style };
}

/** A line only where there is anything of it. */
function some(data: RunData, label: string, name: string, style: Style): Line[] {
  return data.latest(name) === null ? [] : [line(data, label, name, style)];
}

/** Shares of decisions that took 1, 2, … ponder steps. */
function shares(data: RunData): Line[] {
  const names = [...data.columns.keys()].filter((name) => name.startsWith(HISTOGRAM));
  const counts = names.map((_, i) => data.column(`${HISTOGRAM}${i + 1}`) ?? []);
  return counts.map((_, i) => ({
    label: i === 0 ? '1 step' : `${i + 1} steps`,
    colour: 'c1',
    painted: true,
    filled: true,
    format: formatPercent,
    values: shareOf(counts, i),
  }));
}

function phases(data: RunData): Line[] {
  const columns = TIME_CATEGORIES.map((phase) => data.column(phase) ?? []);
  const parts = columns.map((_, i) => shareOf(columns, i));
  const stacked: Values[] = [];
  for (const share of parts) {
    const below = stacked.at(-1);
    stacked.push(share.map((value, i) => (value === null ? null : value + (below?.[i] ?? 0))));
  }
  return TIME_CATEGORIES.map((label, i) => ({
    label,
    colour: i < 5 ? `c${i + 1}` : 'ink-3',
    values: stacked[i],
    told: parts[i],
    filled: true,
  }));
}

/** What a figure shows of one run. */
export function drawnOf({ lines, marked }: Figure, data: RunData): Drawn {
  const x = data.column(data.axis) ?? [];
  const release = data.column('released')?.indexOf(1) ?? -1;
  const place = x[release];
  const mark =
    marked && place != null && release > 0 ? { x: place, label: 'halting released' } : undefined;
  return { x, lines: lines(data), mark };
}

/** One line a run: their tables laid over one another along the axis. */
export function comparedOf(name: string, runs: readonly RunData[], axis: Axis): Drawn {
  const x = [...new Set(runs.flatMap((data) => data.column(axis) ?? []))]
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  const place = new Map(x.map((value, i) => [value, i]));
  const lines = runs.map((data, i) => {
    const values: Values = new Array(x.length).fill(null);
    const column = data.column(name) ?? [];
    for (const [row, value] of (data.column(axis) ?? []).entries()) {
      if (value !== null && column[row] != null) values[place.get(value)!] = column[row];
    }
    // The others' places are no gaps of this one.
    return { label: data.run, values, spans: true, ...lineStyle(i) };
  });
  return { x, lines };
}
