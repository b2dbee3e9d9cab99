import type { Evaluation } from '../events/events.ts';

/** What an option of an exit was set to, so that its mean ponder steps are the learned policy’s. */
export interface Setting {
  option: string;
  value: number;
}

/** One policy under one seed. */
export interface StudyRow {
  /** `learned`, or the baseline as it was asked for. */
  policy: string;
  seed: number;
  runDir: string;
  evaluation: Evaluation;
  /** Of a policy that learned when to halt: the end to which its ponder steps collapsed, or null. */
  collapsed?: 'min' | 'max' | null;
  /** Of an exit over the learned weights, where there is one. */
  setting?: Setting;
  /** Of a policy of its own: how long its training took, in seconds, without evaluations and checkpoints. */
  trainingSeconds?: number;
}

/**
 * What drawing between the two fixed depths around a learned policy’s mean steps would give, in
 * the proportion that has the same mean. Null where a depth of it was not trained.
 */
export interface Mixture {
  seed: number;
  ponderSteps: number;
  depths: number[];
  return: number | null;
  successRate: number | null;
}

/** Over seeds; `std` is the sample’s deviation (n − 1). */
export interface Spread {
  mean: number;
  std: number;
  median: number;
}

/** A policy over its seeds; null where undefined for all of them. */
export interface Summary {
  policy: string;
  seeds: number;
  success: Spread | null;
  return: Spread | null;
  ponderSteps: Spread | null;
  spearman: Spread | null;
  trainingSeconds: Spread | null;
}

export interface Study {
  name: string;
  env: string;
  rows: StudyRow[];
  mixtures: Mixture[];
  summary: Summary[];
  /** Share of the learned seeds that collapsed. */
  collapseRate: number;
}

/** Puts rows together into a study, with the mixtures and summaries that follow from them. */
export function summarise(name: string, rows: StudyRow[]): Study {
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

/** Mean, deviation and median of the values there are; null where there are none. */
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
