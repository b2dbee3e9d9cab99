import type { Observation, Outcome } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { Past, Tempering } from '../../policy/index.ts';

/** An observation to decide on, with the limits of its thought. */
export interface DecisionRequest extends Observation {
  /** Its past, for a policy with a memory; without it, an episode begins with it. */
  past?: Past;
  /** The limits of the thought. */
  limits?: {
    /** The most ponder steps. */
    maxSteps?: number;
    /** The latest time to act, on the clock of `performance.now()`, in ms. */
    deadline?: number;
  };
  /** `true` takes the most likely action, `false` draws one; default: `DecisionOptions.greedy`. */
  greedy?: boolean;
  /** How its action is drawn, where the distribution can be tempered; default: from the policy itself. */
  tempering?: Tempering;
  /** The source of its draws; default: the decider's. */
  rng?: Rng;
  /** Whether to record each ponder step; default `false`. */
  trace?: boolean;
}

/** A recorded ponder step of a thought. */
export interface StepTrace {
  /** The halting head's probability after it, in [0, 1]. */
  halt: number;
  /** The expected net return after it, in the unit of the raw reward. */
  value: number;
  /** The action distribution in numbers for people (`Distribution.describe`). */
  actions: number[];
  /** Probability that the head would have halted by now, in [0, 1]. */
  halted: number;
  /** The result of the halting rule's measure, where it has one. */
  measured?: number;
}

/** How much was thought. */
export interface Spent {
  /** Number of thoughts. */
  thoughts: number;
  /** Their ponder steps. */
  ponderSteps: number;
}

/** A chosen action, with the thought behind it as the learner needs it. */
export interface Decision<O extends DecisionRequest = DecisionRequest> {
  /** The observation that it is about. */
  observation: O;
  /** The action as a flat row [actionSize], as the distribution writes it. */
  action: Float32Array;
  /** The action as a value of the action space, for the environment. */
  choice: unknown;
  /** ln π(action) at the last ponder step. */
  logProb: number;
  /** ln π(demonstration) at the last ponder step, where the observation has one (`info.demonstration`). */
  demonstrated?: number;
  /** Ponder steps taken (n). */
  ponderSteps: number;
  /** The halting probability that the behavior used, after each ponder step [n]. */
  halts: Float32Array;
  /** The value after each ponder step [n]. */
  values: Float32Array;
  /** Whether something else than the halting rule chose the depth: a forced depth, a limit or a deadline. */
  forced: boolean;
  /** The parameters of the action distribution at the last ponder step [P], where the request asked for its trace. */
  params?: Float32Array;
  /** The parameters of the action distribution that a search improved to [P], where it was searched. */
  improved?: Float32Array;
  /** All thoughts that it took, where they were others than its own: those of actions that were tried before it. */
  spent?: Spent;
  /** Each ponder step [n], where the request asked for it and the decider takes ponder steps. */
  trace?: StepTrace[];
}

/** A decision with its outcome: reward, end of the episode, next observation. */
export interface Transition extends Outcome {
  /** The decision. */
  decision: Decision;
  /** What exploration adds to the reward as it is learned from, before its factor; absent: nothing. */
  bonus?: number;
}
