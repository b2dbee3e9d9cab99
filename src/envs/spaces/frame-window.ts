import type { Frames } from './stacked.ts';

/**
 * The latest observations of an episode, as one stack. Places before the first observation repeat it.
 * @internal
 */
export class FrameWindow {
  /** The frames, the oldest first; none before the first observation. */
  frames: readonly unknown[] = [];
  readonly #of: Pick<Frames, 'space' | 'count' | 'join'>;
  readonly #zero: unknown;

  /** @param zero stands in the places before the first observation, in place of that */
  constructor(of: Pick<Frames, 'space' | 'count' | 'join'>, zero?: unknown) {
    this.#of = of;
    this.#zero = zero;
  }

  /**
   * The frames where an observation follows others.
   * @throws ZodError for one that is no value of the space of frames
   */
  after(obs: unknown, frames = this.frames): unknown[] {
    // A copy, since the environment may write to its own later.
    const frame = structuredClone(this.#of.space.schema.parse(obs));
    if (frames.length > 0) return [...frames.slice(1), frame];
    const padding = new Array<unknown>(this.#of.count - 1).fill(this.#zero ?? frame);
    return [...padding, frame];
  }

  /** The observation of the policy: the frames as a stack. */
  stack(frames = this.frames): unknown {
    return this.#of.join(frames);
  }
}
