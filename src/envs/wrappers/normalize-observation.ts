import { RunningStats } from '../common/running-stats.ts';
import type { Env } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { asBox } from './as-box.ts';
import { withObs } from './with-obs.ts';
import { wrap } from './wrap.ts';

/** The statistics of `normalizeObservation`, and its bound. */
export interface NormalizeObservationOptions {
  /** Statistics to start from and to update, of one environment or of several; default: new ones. */
  stats?: RunningStats;
  /** Whether to leave the statistics as they are; default `false`. */
  frozen?: boolean;
  /** Clips the results to ±clip, in standard deviations; `Infinity` for no bound. Default 10. */
  clip?: number;
}

/**
 * Shifts and scales each entry of Box observations to mean 0 and variance 1 over all observations so far, as float32
 * (Gymnasium's NormalizeObservation, with the clipping of Stable-Baselines3's VecNormalize).
 * @throws TypeError for another space, RangeError for statistics of another size
 */
export function normalizeObservation<Action>(
  env: Env<unknown, Action>,
  { stats, frozen = false, clip = 10 }: NormalizeObservationOptions = {},
): Env<Float32Array, Action> {
  const box = asBox(env.observationSpace, 'normalizeObservation');
  const { shape, size } = box;
  const running = stats ?? new RunningStats(size);
  if (running.size !== size) {
    throw new RangeError(
      `normalizeObservation: expected stats of size ${size}, as the observations, got ${running.size}`,
    );
  }
  const normalize = (obs: unknown): Float32Array => {
    const entries = box.cast(obs);
    if (!frozen) running.update(entries, 1);
    const normalized = Float32Array.from(entries);
    running.normalize(normalized, 0, clip);
    return normalized;
  };
  return wrap(env, {
    observationSpace: new Box({ shape, low: -clip, high: clip }),
    onReset: (reset) => withObs(reset, normalize),
    onStep: (step) => withObs(step, normalize),
    snapshot: () => running.state(),
    restore: (state) => running.restore(state),
  });
}
