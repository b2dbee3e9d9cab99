import type { Moment } from '../../envs/index.ts';
import { nextMoment, type Past, type Policy } from '../../policy/index.ts';
import type { Simulator } from './decider.ts';
import type { Decision, DecisionRequest } from './decision.ts';

/** What was tried since an observation: decisions, and the moment they led to. */
export interface Branch {
  moment: Moment;
  /** What is remembered there, for a policy with a memory. */
  past?: Past;
  /** The decisions tried so far. */
  decisions: readonly Decision[];
  /** Σ ln π of their actions. */
  logProb: number;
}

/**
 * The branch of an observation, before anything is tried.
 * @param of what its past is kept by (`Past.of`): branches that are thought about at the same time have one each
 */
export function rootOf(moment: Moment, { past }: DecisionRequest, of: object): Branch {
  return { moment, past: past && { ...past, of }, decisions: [], logProb: 0 };
}

/** Goes on with a decision, which was thought about with a trace. */
export async function followed(
  { moment, past, decisions, logProb }: Branch,
  decision: Decision,
  { policy, simulator }: { policy: Policy; simulator: Simulator },
): Promise<Branch> {
  const { params, observation } = decision;
  const next = await simulator.try(moment, decision.choice);
  const { row, earlier } = next.observation;
  const { action } = decision;
  return {
    moment: next,
    past:
      past &&
      nextMoment(past, policy.entries!.sizes, { row, earlier, action, reward: next.reward }),
    decisions: [...decisions, decision],
    // Not that by which it was drawn, which a temperature changes.
    logProb: logProb + policy.distribution.score(params!, observation.mask, action).logProb,
  };
}

/** The mean of ln π of a branch's actions, by which branches of different lengths compare. */
export function meanLogProb({ decisions, logProb }: Branch): number {
  return logProb / decisions.length;
}

/** The value after the last thought of a branch: what it expected of the answer before its last action. */
export function lastValue({ decisions }: Branch): number {
  return decisions.at(-1)!.values.at(-1)!;
}

/** The branch with the highest score, the first among equals. */
export function highest(branches: readonly Branch[], score: (branch: Branch) => number): Branch {
  return branches.reduce((best, branch) => (score(branch) > score(best) ? branch : best));
}
