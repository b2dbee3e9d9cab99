import { plainValue } from '../common/plain-value.ts';
import type { Env } from '../contract/env.ts';
import { FrameWindow } from '../spaces/frame-window.ts';
import { stacked } from '../spaces/stacked.ts';
import { withObs } from './with-obs.ts';
import { wrap } from './wrap.ts';

/**
 * Replaces each observation by the last `count` of them, the oldest first (Gymnasium's FrameStackObservation): along a
 * new leading axis of a Box or a MultiBinary; a Discrete becomes a MultiDiscrete; in a Dict or Tuple part by part; any other
 * space becomes a Tuple. It keeps each observation once.
 * @param options `padding` fills the places before the first observation of an episode: `reset` repeats that
 *   observation; `zero`, for Boxes alone, writes zeros, for which it widens the bounds; default `reset`
 * @throws TypeError for padding by zeros of another space, RangeError for a wrong count
 */
export function frameStack<Action>(
  env: Env<unknown, Action>,
  { count, padding = 'reset' }: { count: number; padding?: 'reset' | 'zero' },
): Env<unknown, Action> {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`frameStack: expected count to be a positive integer, got ${count}`);
  }
  const { schema, type, size } = env.observationSpace;
  const { space, join, zero } = stacked(env.observationSpace, count, padding === 'zero');
  const window = new FrameWindow({ space: env.observationSpace, count, join }, zero);
  const next = (obs: unknown) => {
    window.frames = window.after(obs);
    return window.stack();
  };
  return wrap(env, {
    observationSpace: space,
    onReset: (reset) => {
      window.frames = [];
      return withObs(reset, next);
    },
    onStep: (step) => withObs(step, next),
    snapshot: () => window.frames.map(plainValue),
    restore: (state) => {
      const saved = state as unknown[];
      // Checkpoints of 0.1 have the numbers of all frames in one list.
      const flat = type === 'box' && typeof saved[0] === 'number';
      const each = flat
        ? Array.from({ length: count }, (_, i) => saved.slice(i * size, (i + 1) * size))
        : saved;
      window.frames = each.map((frame) => schema.parse(frame));
    },
  });
}
