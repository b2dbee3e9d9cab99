import { RunningStats } from '../common/running-stats.ts';
import type { Env } from '../contract/env.ts';
import { Box } from '../spaces/box.ts';
import { asBox } from './as-box.ts';
import { wrap } from './wrap.ts';

export interface NormalizeObservationOptions {
  /** The statistics to use and to go on with: shared between environments, or from an earlier run. */
  stats?: RunningStats;
  /** Normalize, but learn no more. */
  frozen?: boolean;
  /** Bound on what comes out, in standard deviations; Infinity is none. */
  clip?: number;
}

/**
 * Box observations, entry by entry, to mean 0 and variance 1 over all seen so far, as float32
 * (Gymnasium's NormalizeObservation, and the clipping of Stable-Baselines3's VecNormalize).
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
  const normalize = <R extends { obs: unknown }>(result: R): R & { obs: Float32Array } => {
    const entries = box.cast(result.obs);
    if (!frozen) running.update(entries, 1);
    const obs = Float32Array.from(entries);
    running.normalize(obs, 0, clip);
    return { ...result, obs };
  };
  return wrap(env, {
    observationSpace: new Box({ shape, low: -clip, high: clip }),
    onReset: normalize,
    onStep: normalize,
    snapshot: () => running.state(),
    restore: (state) => running.restore(state),
  });
}
