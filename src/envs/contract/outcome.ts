import type { Row } from './row.ts';
import type { MaskRow } from './space.ts';

/** An observation of one environment of a pool, before a decision. */
export interface Observation {
  /** The environment's index in the pool. */
  env: number;
  /** The flat observation [space.size], normalized where the pool normalizes; nobody writes to it again. */
  row: Row;
  /** The actions that are allowed, 1 for each that is; absent: all. */
  mask?: MaskRow;
  /** The difficulty of the decision (`info.difficulty`). */
  difficulty?: number;
  /** Flat observations that came before it and asked for no decision (`info.earlier`), the oldest first; absent: none. */
  earlier?: readonly Row[];
  /** The flat action that an expert takes next (`info.demonstration`) [actionSpace.size]; absent: none is known. */
  demonstration?: Float32Array;
}

/** An episode that has ended. */
export interface Episode {
  /** Sum of its raw rewards. */
  return: number;
  /** Number of its decisions. */
  length: number;
  /** `info.success` at its end; undefined where the environment does not say. */
  success?: boolean;
  /** `info.difficulty` at its start. */
  difficulty?: number;
  /** Present where the pool truncated it after `EnvPoolOptions.maxEpisodeSteps` decisions. */
  cut?: true;
}

/** The outcome of an action in an environment of a pool. */
export interface Outcome {
  /** The environment's index in the pool. */
  env: number;
  /** The raw reward. */
  reward: number;
  /** Ticks of the environment's clock that it took (`info.ticks`). */
  ticks: number;
  /** Whether the task ended. */
  terminated: boolean;
  /** Whether a limit cut the episode off. */
  truncated: boolean;
  /** Whether the next action is that of the other player (`info.turned`); absent: it is not. */
  turned?: boolean;
  /** The episode's final observation, where it ended; `next` then belongs to the next episode. */
  final?: Row;
  /** Flat observations that came before `final` and asked for no decision (`info.earlier`), the oldest first. */
  finalEarlier?: readonly Row[];
  /** The next observation; where the next episode has not begun yet, the final one again. */
  next: Observation;
  /** The numbers of `info.metrics`, where there are any. */
  metrics?: Readonly<Record<string, number>>;
  /** The episode, where it ended. */
  episode?: Episode;
  /**
   * Why the episode was lost before the environment answered, where it was. The action then has no transition, the
   * episode ends as truncated at the one before, and `next` is the observation that the action was for.
   */
  lost?: string;
}

/** A moment of an episode from which one can go on more than once, in a copy of its environment. */
export interface Moment {
  /** The observation that waits for an action; the final one where the episode is over. */
  observation: Observation;
  /** The environment's snapshot; undefined where the episode is over. */
  state: unknown;
  /** Decisions of the episode before it. */
  length: number;
  /** The raw reward of the action that led to it; 0 where none was tried. */
  reward: number;
  /** Whether the episode is over. */
  over: boolean;
  /** Whether the action that waits is that of the other player than the one before (`info.turned`), in a search. */
  turned?: boolean;
  /** Whether chance had a part in what led to it (`info.drawn`), in a search. */
  drawn?: boolean;
  /** What was answered (`info.answer`), where the episode is over and the environment says so. */
  answer?: unknown;
}
