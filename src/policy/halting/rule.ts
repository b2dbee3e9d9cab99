import type { ActionMask } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { Distribution } from '../distributions/index.ts';

/** What a halting rule sees of a thought after a ponder step. */
export interface HaltStep {
  /** Ponder steps taken so far. */
  n: number;
  /** The halting head's probability after this step. */
  halt: number;
  /** Probability that the head would have halted by now: 1 − Π(1 − halt) over steps minSteps..n. */
  halted: number;
  /** What the rule's `measure` gave after each step so far [n]; empty where it has none. */
  measured: readonly number[];
}

/** A thought after one of its ponder steps, as a rule may measure it. */
export interface ThoughtState {
  /** Parameters of the action distribution [P]. */
  params: Float32Array;
  /** The readout before this step and after it, [D] each; empty unless the measure reads it. */
  before: Float32Array;
  latent: Float32Array;
}

/** A number that a rule wants of each step of a thought, from the first one on. */
export interface Measure {
  /** Whether it reads `before` and `latent`, which cost a copy from where tensors live. */
  readonly readsLatent?: boolean;
  /**
   * @param states after each step so far; the last is this one's
   * @param actions what `params` are the parameters of
   */
  of(states: readonly ThoughtState[], actions: Distribution, mask: ActionMask | undefined): number;
}

/**
 * Decides when a thought ends. `minSteps` and `maxSteps` are kept by the scheduler, whatever the
 * rule says.
 */
export interface HaltingRule {
  /** The steps a new thought will take, where the rule knows before it begins. */
  depth?(rng: Rng): number;
  /** Whether to act after this step; asked from minSteps on, where `depth` gave none. */
  halts(step: HaltStep, rng: Rng): boolean;
  /** Taken after each step of a thought whose depth is open, for `halts` to read. */
  readonly measure?: Measure;
}
