import type { MaskRow } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { Distribution } from '../distributions/index.ts';

/** The input of a halting rule after a ponder step of a thought. */
export interface HaltStep {
  /** Ponder steps taken so far. */
  n: number;
  /** The halting head's probability after this step. */
  halt: number;
  /** Probability that the head would have halted by now: 1 − Π(1 − halt) over the ponder steps minSteps..n. */
  halted: number;
  /** The results of the rule's `measure` after each ponder step so far [n]; empty without one. */
  measured: readonly number[];
}

/** A thought after a ponder step: the input of a `Measure`. */
export interface ThoughtState {
  /** Parameters of the action distribution [P]. */
  params: Float32Array;
  /** The readout before this ponder step [D]; empty unless the measure has `readsLatent`. */
  before: Float32Array;
  /** The readout after this ponder step [D]; empty unless the measure has `readsLatent`. */
  latent: Float32Array;
}

/** A number that a rule computes after each ponder step of a thought, from the first one on. */
export interface Measure {
  /** Whether it reads `before` and `latent`, which costs a copy from the backend. */
  readonly readsLatent?: boolean;
  /**
   * Computes the number.
   * @param states the thought after each ponder step so far; the last is the present one
   * @param actions the distribution that `params` belong to
   * @param mask the actions that are allowed
   */
  of(states: readonly ThoughtState[], actions: Distribution, mask: MaskRow | undefined): number;
}

/** Decides when a thought ends. The decider keeps `minSteps` and `maxSteps` itself. */
export interface HaltingRule {
  /** The number of ponder steps of a new thought, for a rule that fixes it in advance. */
  depth?(rng: Rng): number;
  /** Whether to act after this ponder step. The decider asks from `minSteps` on, unless `depth` gave the number. */
  halts(step: HaltStep, rng: Rng): boolean;
  /** Computed after each ponder step of a thought without a fixed depth; `halts` reads it in `step.measured`. */
  readonly measure?: Measure;
}
