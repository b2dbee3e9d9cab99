import type { Evaluation } from '../events/events.ts';

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
}

/** Mean, standard deviation of the sample (over n − 1) and median over seeds. */
export interface Spread {
  mean: number;
  std: number;
  median: number;
}

/** A policy over its seeds; a figure is null where it is undefined for all of them. */
export interface Summary {
  /** The policy, as in `StudyRow`; `mixture` for the mixtures of fixed depths. */
  policy: string;
  /** Seeds that the figures are of. */
  seeds: number;
  /** Share of episodes with success, in [0, 1]. */
  success: Spread | null;
  /** Mean return of an episode. */
  return: Spread | null;
  /** Mean ponder steps of a decision. */
  ponderSteps: Spread | null;
  /** Rank correlation of ponder steps with difficulty, in [−1, 1]. */
  spearman: Spread | null;
  /** Seconds of training, without evaluations and checkpoints. */
  trainingSeconds: Spread | null;
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
  const summary = policies.map((policy): Summary => {
    const ofIt = rows.filter((row) => row.policy === policy);
    const own = ofIt.map((row) => row.evaluation);
    return {
      policy,
      seeds: own.length,
      success: spread(own.map((evaluation) => evaluation.successRate)),
      return: spread(own.map((evaluation) => evaluation.return.mean)),
      ponderSteps: spread(own.map((evaluation) => evaluation.ponderSteps.mean)),
      spearman: spread(own.map((evaluation) => evaluation.spearman)),
      trainingSeconds: spread(ofIt.map((row) => row.trainingSeconds ?? null)),
    };
  });
  const known = mixtures.filter((row) => row.return !== null);
  if (known.length > 0) {
    summary.push({
      policy: 'mixture',
      seeds: known.length,
      success: spread(known.map((row) => row.successRate)),
      return: spread(known.map((row) => row.return)),
      ponderSteps: spread(known.map((row) => row.ponderSteps)),
      spearman: null,
      trainingSeconds: null,
    });
  }
  const collapsed = learned.filter((row) => row.collapsed);
  const collapseRate = learned.length ? collapsed.length / learned.length : 0;
  return { name, env: rows[0]?.evaluation.env ?? '', rows, mixtures, summary, collapseRate };
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

/** Mean, deviation and median of the values that are not null; null where there is none. */
export function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const n = known.length;
  const mean = known.reduce((sum, value) => sum + value, 0) / n;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const median = (known[(n - 1) >> 1] + known[n >> 1]) / 2;
  return { mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : 0, median };
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
  };
}
