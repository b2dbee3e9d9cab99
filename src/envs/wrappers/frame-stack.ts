import type { Env } from '../contract/env.ts';
import type { DType } from '../contract/space-json.ts';
import { type ArrayOf, zeros } from '../spaces/array-value.ts';
import { Box } from '../spaces/box.ts';
import { asBox } from './as-box.ts';
import { wrap } from './wrap.ts';

/**
 * Replaces each observation by the last `count` of them, the oldest first, along a new leading axis (Gymnasium's
 * FrameStackObservation). The observation space must be a Box.
 * @param options `padding` fills the places before the first observation of an episode: `reset` repeats that
 *   observation, `zero` writes zeros, for which it widens the bounds; default `reset`
 * @throws TypeError for another space, RangeError for a wrong count
 */
export function frameStack<Action>(
  env: Env<unknown, Action>,
  { count, padding = 'reset' }: { count: number; padding?: 'reset' | 'zero' },
): Env<ArrayOf<DType>, Action> {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`frameStack: expected count to be a positive integer, got ${count}`);
  }
  const frame = asBox(env.observationSpace, 'frameStack');
  const { size, dtype } = frame;
  const stack = zeros(dtype, count * size); // [count, size]
  const low = new Float64Array(count * size);
  const high = new Float64Array(count * size);
  for (let i = 0; i < count * size; i++) {
    low[i] = padding === 'zero' ? Math.min(frame.low[i % size], 0) : frame.low[i % size];
    high[i] = padding === 'zero' ? Math.max(frame.high[i % size], 0) : frame.high[i % size];
  }
  // Several vectors are one longer vector; other frames are read by their shape.
  const as = frame.shape.length === 1 ? 'vector' : undefined;
  return wrap(env, {
    observationSpace: new Box({ shape: [count, ...frame.shape], low, high, dtype, as }),
    onReset: (reset) => {
      const obs = frame.cast(reset.obs);
      const first = padding === 'reset' ? 0 : count - 1;
      stack.fill(0);
      for (let i = first; i < count; i++) stack.set(obs, i * size);
      return { ...reset, obs: stack.slice() };
    },
    onStep: (step) => {
      stack.copyWithin(0, size);
      stack.set(frame.cast(step.obs), (count - 1) * size);
      return { ...step, obs: stack.slice() };
    },
    snapshot: () => Array.from(stack),
    restore: (state) => stack.set(state as number[]),
  });
}
