import type { ActionMask } from './space.ts';

/** What one environment shows before a decision. */
export interface Observation {
  /** Index of the environment. */
  env: number;
  /** The flat observation, normalized where the pool does so; not written to again. */
  row: Float32Array;
  mask?: ActionMask;
  difficulty?: number;
}

/** An episode that has ended. */
export interface Episode {
  /** Sum of raw rewards. */
  return: number;
  /** Decisions. */
  length: number;
  /** info.success where it ended; undefined where the environment does not say. */
  success?: boolean;
  /** info.difficulty where it began. */
  difficulty?: number;
  /** It had not ended after as many decisions as an episode may have (`EnvPoolOptions.maxEpisodeSteps`). */
  cut?: true;
}

/** What came of one action. */
export interface Outcome {
  env: number;
  /** Raw. */
  reward: number;
  terminated: boolean;
  truncated: boolean;
  /**
   * The true final observation, where the episode ended here; `next` is then of a new episode, or this one again
   * where that has yet to begin.
   */
  final?: Float32Array;
  next: Observation;
  episode?: Episode;
  /**
   * Why the episode was lost before the action had come to anything, where it was: there is no
   * transition, and the episode ends as truncated at the last one. `next` is then what the action was
   * for; the new episode's first observation comes when it comes.
   */
  lost?: string;
}
