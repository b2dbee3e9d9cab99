import type { Env } from '../contract/env.ts';
import { wrap } from './wrap.ts';

/**
 * Truncates an episode at its `maxSteps`-th environment step; `terminated` stays as it is (Gymnasium's TimeLimit).
 *
 * ```ts
 * import { makeEnv, timeLimit } from 'pondera';
 *
 * const env = timeLimit(makeEnv('Pendulum-v1'), { maxSteps: 100 });
 * ```
 *
 * @throws RangeError for a wrong limit
 */
export function timeLimit<Obs, Action>(
  env: Env<Obs, Action>,
  { maxSteps }: { maxSteps: number },
): Env<Obs, Action> {
  if (!Number.isInteger(maxSteps) || maxSteps < 1) {
    throw new RangeError(`timeLimit: expected maxSteps to be a positive integer, got ${maxSteps}`);
  }
  let elapsed = 0;
  return wrap(env, {
    observationSpace: env.observationSpace,
    onReset: (reset) => {
      elapsed = 0;
      return reset;
    },
    beforeStep: () => {
      if (elapsed < maxSteps) return;
      throw new Error(`timeLimit: step() after ${maxSteps} steps: call reset() first`);
    },
    onStep: (step) => {
      elapsed++;
      return elapsed >= maxSteps ? { ...step, truncated: true } : step;
    },
    snapshot: () => elapsed,
    restore: (state) => {
      elapsed = state as number;
    },
    searchable: true,
  });
}
