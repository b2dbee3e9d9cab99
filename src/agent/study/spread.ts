import { Rng } from '../../kernels/common/index.ts';

/** A figure over seeds. */
export interface Spread {
  mean: number;
  /** Standard deviation of the sample, over n − 1; 0 for one seed. */
  std: number;
  median: number;
  /** The mean without the lowest and the highest quarter of the seeds, rounded down: as `scipy.stats.trim_mean(values, 0.25)`. */
  iqm: number;
  /** Bounds of the 95 % interval of `iqm`: percentiles over seeds drawn anew with replacement (bootstrap). */
  interval: [low: number, high: number];
}

/** Times that seeds are drawn anew. */
const DRAWS = 2000;

/**
 * What is known of a figure over seeds, with the interquartile mean and its bootstrap interval (Agarwal et al. 2021, https://arxiv.org/abs/2108.13264).
 * @param values null where a seed has none
 * @returns null where none has any
 */
export function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const n = known.length;
  if (n === 0) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / n;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    std: n > 1 ? Math.sqrt(squares / (n - 1)) : 0,
    median: (known[(n - 1) >> 1] + known[n >> 1]) / 2,
    iqm: interquartileMean(known),
    interval: intervalOf(known),
  };
}

/** @param sorted ascending, at least one */
function interquartileMean(sorted: readonly number[]): number {
  const cut = Math.floor(sorted.length / 4);
  const kept = sorted.slice(cut, sorted.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

function intervalOf(known: readonly number[]): [number, number] {
  const rng = Rng.seed(0, 'bootstrap');
  const means = Array.from({ length: DRAWS }, () => {
    const drawn = known.map(() => known[rng.int(known.length)]);
    return interquartileMean(drawn.sort((a, b) => a - b));
  }).sort((a, b) => a - b);
  return [means[Math.floor(0.025 * DRAWS)], means[Math.ceil(0.975 * DRAWS) - 1]];
}
