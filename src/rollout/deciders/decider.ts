import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import type { HaltingRule, Policy } from '../../policy/index.ts';
import type { Decision, DecisionRequest } from './decision.ts';

/** How thoughts end and actions are chosen; may change between ticks. */
export interface DecisionOptions {
  rule: HaltingRule;
  minSteps: number;
  maxSteps: number;
  /** Share of thoughts forced to a uniformly random depth. */
  forced: number;
  /** The halting probability is kept in [floor, 1 − floor]. */
  floor: number;
  /** Take the most likely action instead of drawing one, unless an observation asks otherwise. */
  greedy: boolean;
  /** Record what each step thought, whoever asks. */
  trace?: boolean;
  /** Rewards were multiplied by this as values were learned: traces are divided by it; 1 unless given. */
  valueScale?: number;
}

/** Observations in, decisions out. */
export interface Decider<O extends DecisionRequest = DecisionRequest> {
  push(observations: readonly O[]): void;
  /** Observations that were pushed and are not decided on yet. */
  readonly pending: number;
  /** Those of them that are being decided on already. */
  readonly underway: number;
  /** Whether it begins to decide on those that wait; while not, it only goes on with those under way. */
  admitting: boolean;
  /** Whether a tick has anything to do. */
  readonly busy: boolean;
  /** Goes on for one ponder step, or as much as is best done at once. @returns the decisions that are made with it */
  tick(): Promise<Decision<O>[]>;
  /** Which ponder step of its thought each observation got in the latest tick. */
  readonly taken: readonly number[];
  /** Share of its slots that was in use, on average over the ticks since the last call; 0 where there were none. */
  takeOccupancy(): number;
  /** Forgets what waits and what is under way; more may be pushed afterwards. */
  dispose(): void;
}

/** What a decider decides with. */
export interface DeciderContext<O extends DecisionRequest = DecisionRequest> {
  policy: Policy;
  /** Observations that it decides on at a time, at least 1. */
  slots: number;
  /** Every draw comes from it, but for observations that bring a stream of their own. */
  rng: Rng;
  /** Asked anew at each tick. */
  behaviour: () => DecisionOptions;
  /** Told of an observation that the policy has no finite numbers for, which gets no decision; unless given, the tick throws. */
  failed?: (observation: O, error: Error) => void;
}

/** A way to decide. Its name is that of its section in a config, if it has settings. */
export interface DeciderDefinition<
  Name extends string = string,
  // biome-ignore lint/suspicious/noExplicitAny: what one definition takes is forgotten in a list of several
  Schema extends z.ZodObject = any,
> {
  readonly name: Name;
  /** How it decides, in a clause without a full stop. */
  readonly summary: string;
  /** A strict object; every field has a description, and a default or is optional. */
  readonly settings?: Schema;
  create<O extends DecisionRequest>(
    context: DeciderContext<O>,
    settings: z.infer<Schema>,
  ): Decider<O>;
}
