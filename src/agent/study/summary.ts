import type { Evaluation } from '../events/events.ts';
import { type Spread, spread } from './spread.ts';

/** The option of an exit that gives the exit the learned policy's mean ponder steps. */
export interface Setting {
  option: string;
  value: number;
}

/** One policy under one seed. */
export interface StudyRow {
  /** `learned`, or the baseline as `StudyOptions.against` names it. */
  policy: string;
  /** The seed of its training. */
  seed: number;
  /** The directory of the run that holds its weights. */
  runDir: string;
  /** The evaluation. */
  evaluation: Evaluation;
  /** For a policy that learned when to halt: the end to which its ponder steps collapsed, or null. */
  collapsed?: 'min' | 'max' | null;
  /** Where the trial tried an exit on trained weights: the option that was fitted, if the exit has one. */
  setting?: Setting;
  /** Milliseconds of a decision by the clock, environments included, with `env.count` of them side by side. */
  millisecondsPerDecision?: number;
  /** For a policy that was trained: seconds of training, without evaluations and checkpoints. */
  trainingSeconds?: number;
}

/**
 * The result of mixing two fixed depths: those around a learned policy's mean ponder steps, in the proportion that has
 * the same mean. Null where one of the two was not trained.
 */
export interface Mixture {
  /** The seed of the learned policy. */
  seed: number;
  /** The mean ponder steps of both. */
  ponderSteps: number;
  /** The one or two fixed depths. */
  depths: number[];
  /** Mean return of an episode. */
  return: number | null;
  /** Share of episodes with success, in [0, 1]. */
  successRate: number | null;
  /** Mean −ln π(demonstration) of a decision, in nats. */
  nats: number | null;
}

/** The figures of a policy; null where one is undefined. */
export interface Figures<Value> {
  /** Share of episodes with success, in [0, 1]. */
  success: Value | null;
  /** Mean return of an episode. */
  return: Value | null;
  /** Mean −ln π(demonstration) of a decision, in nats. */
  nats: Value | null;
  /** Mean ponder steps of a decision. */
  ponderSteps: Value | null;
  /** Rank correlation of ponder steps with difficulty, in [−1, 1]. */
  spearman: Value | null;
  /** Floating-point operations of a decision, in millions. */
  megaflops: Value | null;
  /** Milliseconds of a decision, as in `StudyRow`. */
  milliseconds: Value | null;
  /** Seconds of training, without evaluations and checkpoints. */
  trainingSeconds: Value | null;
}

/** A policy over its seeds; a figure is null where it is undefined for all of them. */
export interface Summary extends Figures<Spread> {
  /** The policy, as in `StudyRow`; `mixture` for the mixtures of fixed depths. */
  policy: string;
  /** Seeds that the figures are of. */
  seeds: number;
}

/** The result of a study; `study.json` holds it. */
export interface Study {
  /** The config's name. */
  name: string;
  /** The environment's name. */
  env: string;
  /** One row for each policy and seed. */
  rows: StudyRow[];
  /** For each learned policy, a mixture of fixed depths with the same mean ponder steps. */
  mixtures: Mixture[];
  /** One row for each policy, over its seeds. */
  summary: Summary[];
  /** Share of the learned seeds whose ponder steps collapsed, in [0, 1]. */
  collapseRate: number;
}

/** Puts rows together into a study, with the mixtures and summaries that follow from them. */
export function summarize(name: string, rows: StudyRow[]): Study {
  const learned = rows.filter(({ policy }) => policy === 'learned');
  const mixtures = learned.map((row) => mixture(row, rows));
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const summary = policies.map((policy) => {
    const ofIt = rows.filter((row) => row.policy === policy);
    return summaryOf(policy, ofIt.map(figuresOf));
  });
  const known = mixtures.filter((row) => row.return !== null);
  if (known.length > 0) summary.push(summaryOf('mixture', known.map(mixtureFigures)));
  const collapsed = learned.filter((row) => row.collapsed);
  const collapseRate = learned.length ? collapsed.length / learned.length : 0;
  return { name, env: rows[0]?.evaluation.env ?? '', rows, mixtures, summary, collapseRate };
}

/** The figures of one policy under one seed. */
export function figuresOf(row: StudyRow): Figures<number> {
  const { successRate, ponderSteps, spearman, nats, perEpisode, ...evaluation } = row.evaluation;
  return {
    success: successRate,
    return: evaluation.return.mean,
    nats: nats ?? null,
    ponderSteps: ponderSteps.mean,
    spearman,
    megaflops: perEpisode ? perEpisode.flops / perEpisode.decisions / 1e6 : null,
    milliseconds: row.millisecondsPerDecision ?? null,
    trainingSeconds: row.trainingSeconds ?? null,
  };
}

/** Those of a mixture. */
export function mixtureFigures({ successRate, ...row }: Mixture): Figures<number> {
  const { return: mean, nats, ponderSteps } = row;
  return {
    ...{ success: successRate, return: mean, nats, ponderSteps },
    ...{ spearman: null, megaflops: null, milliseconds: null, trainingSeconds: null },
  };
}

function summaryOf(policy: string, figures: readonly Figures<number>[]): Summary {
  const names = Object.keys(figures[0]) as (keyof Figures<number>)[];
  const spreads = names.map((name) => [name, spread(figures.map((one) => one[name]))]);
  return { policy, seeds: figures.length, ...Object.fromEntries(spreads) };
}

/**
 * Whether ponder steps collapsed: a mean within 5 % of an end of their range, or more than 95 % of
 * decisions at that end.
 *
 * @param mean mean steps in evaluation
 * @param histogram decisions of the last updates by steps; index i is i + 1 steps
 */
export function collapsedTo(
  mean: number,
  histogram: readonly number[],
  { minSteps, maxSteps }: { minSteps: number; maxSteps: number },
): 'min' | 'max' | null {
  if (minSteps === maxSteps) return null;
  const total = histogram.reduce((sum, n) => sum + n, 0);
  const share = (steps: number) => (total > 0 ? histogram[steps - 1] / total : 0);
  if (mean <= 1.05 * minSteps || share(minSteps) > 0.95) return 'min';
  if (mean >= 0.95 * maxSteps || share(maxSteps) > 0.95) return 'max';
  return null;
}

function mixture(learned: StudyRow, rows: readonly StudyRow[]): Mixture {
  const { seed } = learned;
  const mean = learned.evaluation.ponderSteps.mean;
  const floor = Math.floor(mean);
  const depths = [...new Set([floor, Math.ceil(mean)])];
  const parts = depths.map((depth) => ({
    weight: depths.length === 1 ? 1 : 1 - Math.abs(depth - mean),
    evaluation: rows.find((row) => row.seed === seed && row.policy === `fixed:${depth}`)
      ?.evaluation,
  }));
  const mix = (read: (evaluation: Evaluation) => number | null): number | null =>
    parts.reduce<number | null>((sum, { weight, evaluation }) => {
      const value = evaluation ? read(evaluation) : null;
      return sum === null || value === null ? null : sum + weight * value;
    }, 0);
  return {
    seed,
    ponderSteps: mean,
    depths,
    return: mix((evaluation) => evaluation.return.mean),
    successRate: mix((evaluation) => evaluation.successRate),
    nats: mix((evaluation) => evaluation.nats ?? null),
  };
}
