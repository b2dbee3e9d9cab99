import type { z } from 'zod';
import type { Moment } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { EntryTables, HaltingRule, Policy } from '../../policy/index.ts';
import type { Decision, DecisionRequest } from './decision.ts';

/** How thoughts end and how actions are chosen; it may change between ticks. */
export interface DecisionOptions {
  /** Decides when a thought ends. */
  rule: HaltingRule;
  /** The fewest ponder steps of a decision. */
  minSteps: number;
  /** Ponder steps after which acting is forced. */
  maxSteps: number;
  /** Share of thoughts forced to a uniformly random depth, in [0, 1]. */
  forced: number;
  /** Keeps the halting probability in [floor, 1 − floor]. */
  floor: number;
  /** `true` takes the most likely action, `false` draws one, unless the request says otherwise. */
  greedy: boolean;
  /**
   * How far a search that is learned from trusts values, in [0, 1]: at 0 it improves nothing. Default 1 in a learned model; in a simulator
   * the best of what was found is then the best, however close.
   */
  trust?: number;
  /** Records every ponder step of every thought; default `false`. */
  trace?: boolean;
  /** The factor of the rewards in learning, by which traces divide values; default 1. */
  valueScale?: number;
}

/** Turns observations into decisions, several at a time. */
export interface Decider<O extends DecisionRequest = DecisionRequest> {
  /** Adds observations to decide on. */
  push(observations: readonly O[]): void;
  /** Observations without a decision yet. */
  readonly pending: number;
  /** Those of the pending ones that it has begun to decide on. */
  readonly underway: number;
  /** Whether it may begin with waiting observations; `false` lets it only finish the ones it has begun. */
  admitting: boolean;
  /** Whether a tick has anything to do. */
  readonly busy: boolean;
  /**
   * Takes one ponder step, or as many as it likes to take at once.
   * @returns the decisions that it finished
   */
  tick(): Promise<Decision<O>[]>;
  /** For each observation of the latest tick, the number of its ponder step, from 1. */
  readonly taken: readonly number[];
  /** The mean share of its slots in use over the ticks since the last call, in [0, 1]; 0 without a tick. */
  takeOccupancy(): number;
  /** Drops all pending observations; `push` works again afterwards. */
  dispose(): void;
}

/** Copies of environments, in which a decider tries actions. */
export interface Simulator {
  /** The present moment of an environment, whose observation waits for its decision. @throws EnvError where it has no snapshots */
  moment(env: number): Promise<Moment>;
  /** What an action leads to from a moment; the environment itself stays as it is. @throws EnvError where the copy fails */
  try(moment: Moment, action: unknown): Promise<Moment>;
  /** As `try`, without foreseeing chance, and in a game with both players at the search's hand (`Env.forSearch`). @throws EnvError where that is not possible */
  search(moment: Moment, action: unknown): Promise<Moment>;
}

/** The parts that a decider is made of. */
export interface DeciderContext<O extends DecisionRequest = DecisionRequest> {
  /** The network. */
  policy: Policy;
  /** The most observations to decide on at a time, at least 1. */
  slots: number;
  /** The source of every draw, except for requests with a source of their own. */
  rng: Rng;
  /** How thoughts end and actions are chosen; the decider calls it at each tick. */
  behavior: () => DecisionOptions;
  /** Receives an observation whose numbers are not finite; it gets no decision. Without it, the tick throws. */
  failed?: (observation: O, error: Error) => void;
  /**
   * Keys and values of entries that outlive the decider, where the policy has a memory, with those of others who think with
   * the same weights; a decider that is given none, or wants none, has its own.
   */
  tables?: EntryTables;
  /** Copies of the environments; given by evaluations, which alone have them. */
  simulator?: Simulator;
  /** Discount per decision by which the values of the policy are learned; default 1. */
  gamma?: number;
  /** Whether the values of the policy are learned; default `true`. */
  valued?: boolean;
}

/** A way to decide: its settings, and how to make a decider (`registerDecider`). */
export interface DeciderDefinition<
  Name extends string = string,
  // biome-ignore lint/suspicious/noExplicitAny: what one definition takes is forgotten in a list of several
  Schema extends z.ZodObject = any,
> {
  /** The value of the config's `decider`, and the name of its section. */
  readonly name: Name;
  /** How it decides, in a clause without a full stop. */
  readonly summary: string;
  /** The schema of its section: a strict object, each field with a description, and with a default or optional. */
  readonly settings?: Schema;
  /** Makes a decider. */
  create<O extends DecisionRequest>(
    context: DeciderContext<O>,
    settings: z.infer<Schema>,
  ): Decider<O>;
}
