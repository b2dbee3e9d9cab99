import type { Observation, Outcome } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';

/** An observation to decide on, and how. */
export interface DecisionRequest extends Observation {
  /** The caller's limits on the thought. */
  limits?: {
    /** Ponder steps at most. */
    maxSteps?: number;
    /** When to act at the latest, on the clock of performance.now(), in ms. */
    deadline?: number;
  };
  /** Take the most likely action, or draw one; as for all others unless given. */
  greedy?: boolean;
  /** The stream that its draws come from; that of all others unless given. */
  rng?: Rng;
  /** Record what each ponder step thought. */
  trace?: boolean;
}

/** What a thought looked like after one of its steps. */
export interface StepTrace {
  halt: number;
  /** In the unit of the raw reward. */
  value: number;
  /** The action distribution as a person reads it (`Distribution.describe`). */
  actions: number[];
  /** Probability that the head would have halted by now. */
  halted: number;
  /** What the halting rule measured, where it measured anything. */
  measured?: number;
}

/** One action chosen, with what the learner needs to know of the thought behind it. */
export interface Decision<O extends DecisionRequest = DecisionRequest> {
  observation: O;
  /** Flat row as the action distribution writes it. */
  action: Float32Array;
  /** The value for the environment. */
  choice: unknown;
  logProb: number;
  /** Ponder steps taken (n). */
  ponderSteps: number;
  /** halt after each step, as the behaviour used it [n]. */
  halts: Float32Array;
  /** Value after each step [n]. */
  values: Float32Array;
  /** Its depth was not the halting rule's choice: forced, capped or timed out. */
  forced: boolean;
  /** What each step thought [n], where it was asked for and the decider has steps to tell of. */
  trace?: StepTrace[];
}

/** A decision with what came of it. */
export interface Transition extends Outcome {
  decision: Decision;
}
