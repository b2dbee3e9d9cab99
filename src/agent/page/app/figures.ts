import { formatBytes, formatNumber, formatPercent } from './format.ts';
import { paintShares, shareOf } from './heat-map.ts';
import type { Drawn, Line } from './lines.ts';
import type { ChartOptions } from './plot.ts';
import type { Axis, RunData } from './run-data.ts';
import { ENV_METRICS, EVALUATED_ENV_METRICS, HISTOGRAM, TIME_CATEGORIES } from './series.ts';
import { lineStyle } from './theme.ts';
import type { Values } from './values.ts';

/** One figure of the page: its texts, and its lines from the data of a run. */
export interface Figure
  extends Pick<ChartOptions, 'title' | 'about' | 'format' | 'range' | 'ticks'> {
  paint?: ChartOptions['paint'];
  lines: (data: RunData) => Line[];
  /** Marks the release of the halting head. */
  marked?: boolean;
  /** The column that comparisons of runs show; comparisons leave the figure out where it is missing. */
  compared?: string;
}

export const figures: Figure[] = [
  {
    title: 'Return',
    marked: true,
    about:
      'Mean return of an episode, before and after the price of pondering. Points are evaluations.',
    format: formatNumber,
    compared: 'return',
    lines: (data) => [
      line(data, 'return', 'return', { color: 'c1', spans: true }),
      line(data, 'net return', 'netReturn', { color: 'c2', dash: [6, 3], spans: true }),
      ...some(data, 'evaluated', 'evaluation.return.mean', { color: 'c1', dots: true }),
      ...some(data, 'evaluated, net', 'evaluation.netReturn.mean', { color: 'c2', dots: true }),
    ],
  },
  {
    title: 'Success rate',
    about: 'Share of episodes that reached their goal, where the environment says so.',
    format: formatPercent,
    range: (min, max) => [Math.min(0, min), Math.max(1, max)],
    compared: 'successRate',
    lines: (data) => [
      ...some(data, 'success', 'successRate', { color: 'c1', spans: true }),
      ...some(data, 'evaluated', 'evaluation.successRate', { color: 'c1', dots: true }),
    ],
  },
  {
    title: 'Ponder steps',
    marked: true,
    about: 'Ponder steps of a decision, without those of a forced depth.',
    format: formatNumber,
    compared: 'ponderSteps.mean',
    lines: (data) => [
      line(data, 'mean', 'ponderSteps.mean', { color: 'c1' }),
      line(data, '95 % take at most', 'ponderSteps.p95', { color: 'c3', dash: [2, 3] }),
      ...some(data, 'evaluated', 'evaluation.ponderSteps.mean', { color: 'c1', dots: true }),
    ],
  },
  {
    title: 'Distribution of ponder steps',
    marked: true,
    about:
      'Share of decisions with each number of ponder steps: the stronger the color, the larger. The line is the mean.',
    format: formatNumber,
    ticks: 'whole',
    paint: paintShares,
    range: (_, __, { lines }) => [0.5, lines.length - 0.5],
    lines: (data) => [line(data, 'mean', 'ponderSteps.mean', { color: 'ink' }), ...shares(data)],
  },
  {
    title: 'Price',
    marked: true,
    about: 'Reward subtracted for each ponder step beyond minSteps, in the unit of the reward.',
    format: formatNumber,
    compared: 'price',
    lines: (data) => [line(data, 'price', 'price', { color: 'c1' })],
  },
  {
    title: 'Entropy',
    marked: true,
    about:
      'Entropy of actions and of halting, in nats per decision. Near zero the policy no longer explores.',
    format: formatNumber,
    compared: 'entropy',
    lines: (data) => [
      line(data, 'actions', 'entropy', { color: 'c1' }),
      line(data, 'halting', 'haltEntropy', { color: 'c2', dash: [6, 3] }),
    ],
  },
  {
    title: 'Policy losses',
    about: 'Clipped surrogate losses of actions and of halting.',
    format: formatNumber,
    lines: (data) => [
      line(data, 'actions', 'policyLoss', { color: 'c1' }),
      line(data, 'halting', 'haltLoss', { color: 'c2', dash: [6, 3] }),
    ],
  },
  {
    title: 'Value loss',
    about: 'Squared error of the values that predict the return.',
    format: formatNumber,
    compared: 'valueLoss',
    lines: (data) => [line(data, 'value', 'valueLoss', { color: 'c1' })],
  },
  {
    title: 'Change of the policy',
    about: 'KL divergence of an update: how far it moved actions and halting.',
    format: formatNumber,
    lines: (data) => [
      line(data, 'actions', 'kl', { color: 'c1' }),
      line(data, 'halting', 'haltKl', { color: 'c2', dash: [6, 3] }),
    ],
  },
  {
    title: 'Gradient norm',
    about: 'Global norm of the gradient before clipping.',
    format: formatNumber,
    lines: (data) => [line(data, 'norm', 'gradNorm', { color: 'c1' })],
  },
  {
    title: 'Decisions per second',
    about: 'Speed of training, without the time of evaluations and checkpoints.',
    format: formatNumber,
    compared: 'decisionsPerSecond',
    range: (_, max) => [0, Number.isFinite(max) ? max * 1.06 : 1],
    lines: (data) => [line(data, 'decisions/s', 'decisionsPerSecond', { color: 'c1' })],
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
    about: 'Memory of the training process: all of it (resident), and parts of it.',
    format: formatBytes,
    ticks: 'bytes',
    range: (_, max) => [0, Number.isFinite(max) ? max * 1.06 : 1],
    lines: (data) => [
      line(data, 'resident', 'rssBytes', { color: 'c1' }),
      ...some(data, 'JavaScript', 'heapBytes', { color: 'c2', dash: [6, 3] }),
      ...some(data, 'buffers', 'externalBytes', { color: 'c3', dash: [2, 3] }),
      ...some(data, 'arena', 'arenaBytes', { color: 'c4', dash: [8, 3, 2, 3] }),
    ],
  },
  {
    title: 'Tensors',
    about: 'Tensors in memory after an update. A line that keeps rising is a leak.',
    format: formatNumber,
    lines: (data) => [line(data, 'tensors', 'tensors', { color: 'c1' })],
  },
];

/** A figure of one statistic, such as one of a halting rule. @param meaning its description, a clause */
export function statisticFigure(name: string, meaning: string): Figure {
  return {
    title: name,
    about: `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`,
    format: formatNumber,
    lines: (data) => [line(data, name, name, { color: 'c1' })],
  };
}

/** A figure of each of the environment's own numbers in the columns of runs. */
export function envFigures(runs: readonly RunData[]): Figure[] {
  const columns = runs.flatMap(({ columns }) => [...columns.keys()]);
  const names = [ENV_METRICS, EVALUATED_ENV_METRICS].flatMap((prefix) =>
    columns.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  );
  return [...new Set(names)].map((name) => ({
    title: `env/${name}`,
    about: "The environment's own number (info.metrics): its mean over the steps that give it.",
    format: formatNumber,
    compared: ENV_METRICS + name,
    lines: (data) => [
      ...some(data, name, ENV_METRICS + name, { color: 'c1', spans: true }),
      ...some(data, 'evaluated', EVALUATED_ENV_METRICS + name, { color: 'c1', dots: true }),
    ],
  }));
}

type Style = Pick<Line, 'color' | 'dash' | 'dots' | 'spans'>;

function line(data: RunData, label: string, name: string, style: Style): Line {
  return { label, values: data.column(name) ?? [], ...style };
}

/** A line, or none where the column has no numbers. */
function some(data: RunData, label: string, name: string, style: Style): Line[] {
  return data.latest(name) === null ? [] : [line(data, label, name, style)];
}

/** Shares of decisions with 1, 2, … ponder steps, one line each. */
function shares(data: RunData): Line[] {
  const names = [...data.columns.keys()].filter((name) => name.startsWith(HISTOGRAM));
  const counts = names.map((_, i) => data.column(`${HISTOGRAM}${i + 1}`) ?? []);
  return counts.map((_, i) => ({
    label: i === 0 ? '1 step' : `${i + 1} steps`,
    color: 'c1',
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
    color: i < 5 ? `c${i + 1}` : 'ink-3',
    values: stacked[i],
    legend: parts[i],
    filled: true,
  }));
}

/** The points of a figure for one run. */
export function drawnOf({ lines, marked }: Figure, data: RunData): Drawn {
  const x = data.column(data.axis) ?? [];
  const release = data.column('released')?.indexOf(1) ?? -1;
  const place = x[release];
  const mark =
    marked && place != null && release > 0 ? { x: place, label: 'halting released' } : undefined;
  return { x, lines: lines(data), mark };
}

/** The points of a comparison: one line a run, over all places on the axis that any run has. */
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
    // Places that only other runs have are no gaps in this line.
    return { label: data.run, values, spans: true, ...lineStyle(i) };
  });
  return { x, lines };
}
