import type { Decision } from '../../rollout/index.ts';
import type { AgentMemory } from './agent-memory.ts';

/** The thought behind an action; each list has one entry for each ponder step. */
export interface ThoughtTrace {
  /** Ponder steps taken. */
  ponderSteps: number;
  /** The halting head's probability after each ponder step, in [0, 1]. */
  halts: number[];
  /** The net return that the value head expects after each ponder step, in units of the raw reward. */
  values: number[];
  /**
   * The action distribution after each ponder step: the probabilities of the choices, the means of a Box, or the
   * values of the choices where the algorithm learns values.
   */
  actions: number[][];
  /** Whether a limit (`maxSteps`, `deadlineMs`) ended the thought, and not the exit. */
  cut: boolean;
}

/** An action, and the thought behind it. */
export interface Act {
  /** A value of the action space. */
  // biome-ignore lint/suspicious/noExplicitAny: its type is the action space's, known at run time
  action: any;
  /** The thought, one entry for each ponder step. */
  thought: ThoughtTrace;
  /** For a policy with a memory: what `act` takes as `memory` at the next observation of the episode, as plain data. */
  memory?: AgentMemory;
}

/** The action of a traced decision, and its thought. */
export function toAct(decision: Decision): Act {
  const { choice, ponderSteps, forced } = decision;
  return {
    action: choice,
    thought: { ponderSteps, ...stepsThought(decision), cut: forced },
  };
}

/** The ponder steps of a traced decision, as lists. */
export function stepsThought({
  trace = [],
}: Decision): Pick<ThoughtTrace, 'halts' | 'values' | 'actions'> {
  return {
    halts: trace.map(({ halt }) => halt),
    values: trace.map(({ value }) => value),
    actions: trace.map(({ actions }) => actions),
  };
}
