import type { Cell } from './charts.ts';

/** The contents of report.html; a section with an empty list says that there is nothing to show. */
export interface ReportData {
  title: string;
  env: string;
  seed: number;
  /** Shown unchanged. */
  createdAt?: string;
  /** Steps, decisions and the final numbers of the run. */
  summary: [label: string, value: Cell][];
  /** Training, one entry per update; `step` counts environment steps here and below. */
  curve: { step: number; return: number | null; netReturn: number | null }[];
  evaluations: { step: number; return: number; netReturn: number }[];
  /** The environment step at which the halting head was released. */
  releasedAt?: number;
  /** `counts[i]` is the number of unforced decisions with `i + 1` ponder steps. */
  histograms: { step: number; counts: number[] }[];
  byDifficulty: {
    difficulty: number;
    decisions: number;
    successRate: number | null;
    ponderSteps: number;
  }[];
  forcedDepth: { ponderSteps: number; return: number; successRate: number | null }[];
  thought?: WorkedThought;
  /** The statistics of the last update, each with its meaning. */
  statistics: { name: string; meaning: string; value: number | null }[];
  configYaml: string;
}

/** One decision, step by step. */
export interface WorkedThought {
  obs: string;
  difficulty?: number;
  /** `halt` is null where the halting head had no influence on the step. */
  trace: { halt: number | null; value: number; actions: number[] }[];
  actionLabels: string[];
  /** The kind of the numbers in `actions`. */
  describes: 'probabilities' | 'means' | 'values' | 'parts';
  action: string;
}
