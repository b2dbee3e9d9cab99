import type { Trajectory } from '../../../rollout/index.ts';

/** The deviation counts as this share of the returns at least, so that a gap of a hundredth of them is not much. */
const LEAST = 0.1;

/**
 * Whether the halting head stops too early: how much more decisions earn that are forced deeper than the head's mean depth than those of its own
 * depth, thinking not charged.
 *
 *     earned = λ-return of the action − V(first readout)
 *     gap    = (mean over forced deeper − mean over unforced) / max(deviation of earned, 0.1 · rms of λ-returns)
 *
 * Which decisions are forced, and how deep, is drawn by chance, so the two kinds differ in nothing else. To leave out the value of what was
 * seen takes the luck of the draw of observations out of it.
 *
 * @param worth λ-returns of the actions [T]
 * @param seen V(first readout) of each decision [T]
 * @returns null where no decision was forced deeper
 */
export function depthGap(
  { count, steps, forced }: Pick<Trajectory, 'count' | 'steps' | 'forced'>,
  worth: ArrayLike<number>,
  seen: ArrayLike<number>,
): number | null {
  const own: number[] = [];
  let depth = 0;
  let squares = 0;
  const earned = Float64Array.from({ length: count }, (_, t) => {
    squares += worth[t] ** 2 / count;
    if (!forced[t]) depth += steps[t];
    return worth[t] - seen[t];
  });
  for (let t = 0; t < count; t++) if (!forced[t]) own.push(earned[t]);
  depth /= own.length;
  const deeper: number[] = [];
  for (let t = 0; t < count; t++) if (forced[t] && steps[t] > depth) deeper.push(earned[t]);
  if (own.length === 0 || deeper.length === 0) return null;
  const deviation = Math.sqrt(
    (deviations(own) + deviations(deeper)) / (own.length + deeper.length),
  );
  return (mean(deeper) - mean(own)) / Math.max(deviation, LEAST * Math.sqrt(squares), 1e-8);
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x / values.length, 0);

/** Σ (x − mean)². */
function deviations(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
}
