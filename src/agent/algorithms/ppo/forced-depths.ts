import type { Trajectory } from '../../../rollout/index.ts';

/** The least deviation by which a gap is divided, as a share of the returns' rms. It keeps tiny gaps small. */
const LEAST = 0.1;

/** Statistics of decisions at a forced depth, which steer the price; null where there are too few decisions. */
export interface ForcedDepths {
  /**
   * Whether the head stops too early: the mean earnings of decisions forced deeper than its mean depth, minus those of its unforced decisions,
   * in units of the deviation of the earnings.
   */
  depthGap: number | null;
  /** The largest mean gain per ponder step, from the least forced depth to any other, in the unit of the λ-returns. */
  stepGain: number | null;
}

/**
 * Compares decisions at forced depths with unforced ones. Chance decides which decisions are forced and how deep, so the groups differ in depth only.
 * The earnings of a decision exclude the price, and subtract the value of its observation to remove the chance in which observations came up:
 *
 *     earned   = λ-return of the action − V(first readout),  G(n) its mean over decisions forced to n
 *     depthGap = (mean over forced deeper − mean over unforced) / max(deviation of earned, 0.1 · rms of λ-returns)
 *     stepGain = max over n > m of (G(n) − G(m)) / (n − m),  m the least forced depth
 *
 * @param worth λ-returns of the actions [T]
 * @param seen V(first readout) of each decision [T]
 */
export function forcedDepths(
  { count, ponderSteps, forced }: Pick<Trajectory, 'count' | 'ponderSteps' | 'forced'>,
  worth: ArrayLike<number>,
  seen: ArrayLike<number>,
): ForcedDepths {
  const own: number[] = [];
  const byDepth: number[][] = [];
  let depth = 0;
  let squares = 0;
  for (let t = 0; t < count; t++) {
    squares += worth[t] ** 2 / count;
    const earned = worth[t] - seen[t];
    if (forced[t]) {
      byDepth[ponderSteps[t]] ??= [];
      byDepth[ponderSteps[t]].push(earned);
    } else {
      depth += ponderSteps[t];
      own.push(earned);
    }
  }
  const deeper = byDepth.filter((_, n) => n * own.length > depth).flat();
  return {
    depthGap: own.length === 0 ? null : gap(own, deeper, LEAST * Math.sqrt(squares)),
    stepGain: gain(byDepth),
  };
}

function gap(own: readonly number[], deeper: readonly number[], least: number): number | null {
  if (deeper.length === 0) return null;
  const spread = (deviations(own) + deviations(deeper)) / (own.length + deeper.length);
  return (mean(deeper) - mean(own)) / Math.max(Math.sqrt(spread), least, 1e-8);
}

function gain(byDepth: readonly (readonly number[])[]): number | null {
  const depths = Object.entries(byDepth).map(([n, earned]) => [Number(n), mean(earned)] as const);
  const [[least, before], ...more] = depths.length > 0 ? depths : [[0, 0] as const];
  if (more.length === 0) return null;
  return Math.max(...more.map(([n, earned]) => (earned - before) / (n - least)));
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x / values.length, 0);

/** Σ (x − mean)². */
function deviations(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, x) => sum + (x - center) ** 2, 0);
}
