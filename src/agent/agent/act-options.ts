import { anything, atLeast, type Checks, finite, flag, integer } from '../../envs/common/index.ts';
import type { ActionMask } from '../../envs/index.ts';
import { Rng } from '../../kernels/common/index.ts';
import type { DecisionRequest, Simulator } from '../../rollout/index.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';
import type { AgentMemory } from './agent-memory.ts';
import type { DeciderOption } from './create-decider.ts';
import { type ExitOption, exitCheck } from './exit-option.ts';

/** How long an agent may think about an observation, and how it chooses the action. */
export interface ActOptions {
  /** The most ponder steps that the thought may take; default: the config's `halting.maxSteps`. */
  maxSteps?: number;
  /** Time for the thought, in milliseconds; when it is over, the agent acts on the last finished ponder step. */
  deadlineMs?: number;
  /** The exit that ends the thought; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** `true` takes the most likely action, `false` draws one; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** Seeds the draws of exit and action, an integer ≥ 0; by default they continue the agent's own stream. */
  seed?: number;
  /** The actions that are allowed, as an environment says in `info.actionMask`; default: all. */
  mask?: ActionMask;
  /**
   * For a policy with a memory (`memory.length`): what `act` returned as `memory` at the observation before in the episode.
   * Without it, an episode begins.
   */
  memory?: AgentMemory;
  /**
   * The raw reward that followed the action before, of which a memory takes notice; default 0, for a caller who has none. A policy
   * without a memory does not look at it.
   */
  reward?: number;
  /**
   * Observations that came since the one before and asked for no action, the oldest first, as an environment says in
   * `info.earlier`; at the begin of an episode a prompt. A memory holds them all, as far as a decision depends on them. A policy
   * without a memory does not look at them.
   */
  earlier?: readonly unknown[];
}

export const decideChecks: Checks<Omit<ActOptions, 'mask' | 'memory' | 'reward' | 'earlier'>> = {
  maxSteps: integer(1, MOST_STEPS),
  deadlineMs: atLeast(0),
  exit: exitCheck,
  deterministic: flag,
  seed: integer(0),
};
export const sessionChecks: Checks<Omit<ActOptions, 'memory'>> = {
  ...decideChecks,
  mask: anything,
  reward: finite,
  earlier: anything,
};
export const actChecks: Checks<ActOptions> = { ...sessionChecks, memory: anything };

/** How an agent's thoughts end, where that differs from its config. */
export interface DeciderOptions<O extends DecisionRequest> {
  /** The exit that ends thoughts; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** `true` takes the most likely actions, `false` draws them; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** Ponder steps after which acting is forced; default: the config's `halting.maxSteps`. */
  maxSteps?: number;
  /** The decider, with its settings; default: the config's. */
  decider?: DeciderOption;
  /** Copies of the environments, for deciders that try actions. */
  simulator?: Simulator;
  /** Receives each observation whose thought has numbers that are not finite. */
  failed?: (observation: O, error: Error) => void;
}

/** The source of the draws for the observation of that index, among those of one seed. */
export function drawnFrom(seed: number, index: number): Rng {
  return Rng.seed(seed, 'act', index);
}
