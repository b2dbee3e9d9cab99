import { atLeast, type Checks, flag, integer } from '../../envs/common/index.ts';
import type { ActionMask } from '../../envs/index.ts';
import {
  type GeneratedToken,
  type GenerateOptions,
  generateChecks,
} from '../agent/generate-tokens.ts';

/** How long the server may think about a request, and how it chooses the action. */
export interface AskOptions {
  /** The most ponder steps that the thought may take; default: the server's limit. */
  maxSteps?: number;
  /** Time for the thought from its arrival, in ms; when it is over, the policy acts on the last finished ponder step. */
  deadlineMs?: number;
  /** `true` takes the most likely action, `false` draws one; default: the server's setting. */
  deterministic?: boolean;
  /** Seeds the draws of exit and action, an integer ≥ 0; by default each request draws anew. */
  seed?: number;
  /** Whether the answer holds the thought; default `false`. */
  trace?: boolean;
}

/** What a request says of one observation. */
export interface AskOneOptions extends AskOptions {
  /** The actions that are allowed, as in `info.actionMask`; default: all. */
  mask?: ActionMask;
  /**
   * Observations that came since the one before, or before the first, and asked for no action, the oldest first, as in
   * `info.earlier`; default: none. A policy without a memory does not look at them.
   */
  earlier?: readonly unknown[];
}

/** What a request says of several observations. */
export interface AskAllOptions extends AskOptions {
  /** A mask for each, as `AskOneOptions` has it. */
  masks?: readonly ActionMask[];
  /** For each, the observations before it, as `AskOneOptions` has them. */
  earlier?: readonly (readonly unknown[])[];
}

export const askChecks: Checks<AskOptions> = {
  maxSteps: integer(1),
  deadlineMs: atLeast(0),
  deterministic: flag,
  seed: integer(0),
  trace: flag,
};

/** How a server generates tokens, as an agent does; the exit that ends thoughts is the server's. */
export interface AskTokensOptions extends Omit<GenerateOptions, 'exit'> {}

const { exit: _, ...tokensChecks } = generateChecks;
export const askTokensChecks: Checks<AskTokensOptions> = tokensChecks;

/** A token that a server has generated. */
export interface ServedToken extends Omit<GeneratedToken, 'thought'>, Pick<Acted, 'thought'> {
  /** Environment steps of training behind the weights that wrote it; later tokens may come of newer weights. */
  policyVersion: number;
}

/** A server's answer: an action, and facts about the thought behind it. */
export interface Acted {
  /** A value of the action space. */
  // biome-ignore lint/suspicious/noExplicitAny: its type is the action space's, known at run time
  action: any;
  /** Ponder steps it took. */
  ponderSteps: number;
  /** Whether a limit (`maxSteps`, `deadlineMs`) ended the thought, and not the exit. */
  cut: boolean;
  /** Environment steps of training behind the weights that answered. */
  policyVersion: number;
  /** The thought, where the request asked for it (`trace`). */
  thought?: { halts: number[]; values: number[]; actions: number[][] };
}
