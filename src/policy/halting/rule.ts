import type { Rng } from '../../kernels/index.ts';

/** What a halting rule sees of a thought after a ponder step. */
export interface HaltStep {
  /** Ponder steps taken so far. */
  n: number;
  /** The halting head's probability after this step. */
  halt: number;
  /** Probability that the head would have halted by now: 1 − Π(1 − halt) over steps minSteps..n. */
  halted: number;
  /** KL in nats from the previous step's action distribution to this one; ∞ at the first step. */
  change: number;
}

/**
 * Decides when a thought ends. `minSteps` and `maxSteps` are kept by the scheduler, whatever the
 * rule says.
 */
export interface HaltingRule {
  /** The steps a new thought will take, where the rule knows before it begins. */
  depth?(rng: Rng): number;
  /** Whether to act after this step; asked where `depth` gave none. */
  halts(step: HaltStep, rng: Rng): boolean;
  /** Whether `change` is needed, which costs a little. */
  readonly readsChange?: boolean;
}
