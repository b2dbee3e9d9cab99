import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { HaltingRule } from './rule.ts';

/** The fields of a config's `halting` section that every rule has. */
export interface CommonSettings {
  /** Ponder steps always taken, unpriced. */
  minSteps: number;
  /** Ponder steps after which acting is forced. */
  maxSteps: number;
  /** The behaviour keeps its halting probability in [floor, 1 − floor]. */
  floor: number;
}

type Shape = Record<string, z.ZodType>;
type Settings<S extends Shape> = CommonSettings & z.infer<z.ZodObject<S>>;

/**
 * A halting rule that can be trained with: how it ends thoughts meanwhile, and what it adds to the loss. Its
 * names and fields are those of the config, of the metrics and of what is told of a run.
 */
export interface HaltingDefinition<S extends Shape = Shape> {
  readonly name: string;
  /** How a thought ends by it, in a clause without a full stop. */
  readonly summary: string;
  /** Its own fields of the config's `halting` section, beside those of all other rules. */
  readonly fields: S;
  /** What is wrong with its fields, and which one. */
  explain?(settings: Settings<S>): { field: string; message: string } | undefined;
  /** Ends thoughts while it learns, once the halting head is released. */
  rule(settings: Settings<S>): HaltingRule;
  /** The exit that ends thoughts after training, unless another is asked for; the config's unless given. */
  readonly exit?: string;
  /** It goes by values of acting and of thinking on, which an algorithm that has such learns; no loss of its own. */
  readonly byValues?: true;
  /** What it learns by; a rule without a loss learns nothing, and has nothing to be released, unless it is `byValues`. */
  loss?(settings: Settings<S>): SampledLoss | ExpectedLoss;
  /** Statistics of its own by name, and the meaning of each, a clause; means over the minibatches of an update. */
  readonly statistics: Readonly<Record<string, string>>;
}

/** How the decisions of a minibatch lie: depth by depth, those that are unrolled deepest first. */
export interface Layout {
  /** The rollout's index of each decision [B]. */
  sorted: Int32Array;
  /** How many decisions are unrolled to at least k steps, at index k − 1; they add up to M. */
  reach: readonly number[];
}

/** PPO's clipped surrogate −min(ratio·A, clip(ratio, 1 ± ε)·A) of one choice. */
export interface RowSurrogate {
  loss: number;
  /** By ln ratio. */
  slope: number;
  /** Schulman's low-variance estimate of KL(old ‖ new). */
  kl: number;
  /** |ratio − 1| */
  off: number;
}

/** The same of many choices [M]. */
export interface TensorSurrogate {
  loss: tf.Tensor1D;
  kl: tf.Tensor1D;
  off: tf.Tensor1D;
}

/** What the learner knows when it asks for a rule's terms. */
export interface SaidByRows {
  /** Halting logits [M]. */
  logits: Float64Array;
  /** ln π(action): of each decision's last depth [B], or of every depth [M] for an `ExpectedLoss`. */
  logProbs: Float64Array;
  /** Entropies of the same distributions, in nats. */
  entropies: Float64Array;
  /** Of a halting choice. */
  surrogate(logRatio: number, advantage: number): RowSurrogate;
  /** Weight of the halting entropy. */
  entropyWeight: number;
}

export interface SaidByTensors {
  logits: tf.Tensor1D;
  logProbs: tf.Tensor1D;
  entropies: tf.Tensor1D;
  surrogate(logRatio: tf.Tensor, advantage: Float32Array): TensorSurrogate;
}

/** A rule's part of the loss of a minibatch; every sum is over its decisions. */
export interface TermsByRows {
  /** ln π(action) of each decision [B], whose ratio PPO clips. */
  logProb: Float64Array;
  /** Slopes of `logProb`; the identity on `logProbs` unless given. */
  mixing?: {
    /** By `logProbs` [M]. */
    byLogProb: Float64Array;
    /** By `logits` [M]. */
    byLogit: Float64Array;
  };
  /** Weights of `entropies` in the action entropy; 1 unless given. */
  entropyWeights?: ArrayLike<number>;
  haltLoss: number;
  haltEntropy: number;
  /** Slopes of haltLoss − entropyWeight · haltEntropy by `logits` [M]. */
  haltSlopes: Float64Array;
  /** Mean KL of the halting choices, in nats. */
  haltKl: number;
  /** Largest |ratio − 1| of the halting choices. */
  off: number;
  /** In the order of the definition's `statistics`, each a mean. */
  statistics: readonly number[];
}

export interface TermsByTensors {
  logProb: tf.Tensor1D;
  /** Whatever adds up to the action entropy. */
  entropy: tf.Tensor;
  /** Whatever adds up to it. */
  haltLoss: tf.Tensor;
  haltEntropy: tf.Tensor;
  haltKl: tf.Scalar;
  off: tf.Scalar;
  statistics: readonly tf.Scalar[];
}

/** What a rule says of a minibatch: by tensors, which is the definition, and by rows, which is fast on a CPU. */
export interface HaltingTerms {
  byTensors(said: SaidByTensors): TermsByTensors;
  byRows(said: SaidByRows): TermsByRows;
}

/** Decisions whose depth was drawn by the halting head, and how well each ponder step turned out. */
export interface SampledThoughts {
  /** The halting head is released: its choices were its own. */
  released: boolean;
  /** Ponder steps of each decision [T]. */
  steps: Int32Array;
  /** Where each decision's micro-steps begin in [M] arrays. */
  offset: Int32Array;
  /** Whether its depth was forced [T]. */
  forced: Uint8Array;
  /** Halting probabilities as they were [M]. */
  halts: Float32Array;
  /** Advantages of thinking on, or of acting [M]. */
  advantages: Float32Array;
  /** What halting terms multiply them by. */
  scale: number;
}

/**
 * The loss of a rule that draws when to act: the learner unrolls the steps that were taken and estimates an advantage
 * for each, and the action's term is that of the last.
 */
export interface SampledLoss {
  readonly depth: 'sampled';
  gather(thoughts: SampledThoughts, layout: Layout): HaltingTerms;
}

/** Every depth of a rollout's decisions, decision by decision. */
export interface UnrolledThoughts {
  released: boolean;
  /** Share of thoughts whose depth is drawn uniformly. */
  forced: number;
  /** Decisions T. */
  count: number;
  /** Depths K of each. */
  depths: number;
  /** Halting logits [T, K]. */
  logits: Float32Array;
  /** ln π(action) [T, K]. */
  logProbs: Float64Array;
}

/** What the policy that acted comes to in expectation over its depths. */
export interface Expectation {
  /** ln π(action) of each decision, whatever its depth [T]. */
  logProb: Float64Array;
  /** Mean ponder steps beyond minSteps [T]. */
  priced: Float64Array;
  /** How likely a thought ends at each depth [T, K]. */
  acted: Float32Array;
  /** How likely a thought with this action came to each depth [T, K]: the weight of the value there. */
  reached: Float32Array;
  /** Priced ponder steps that follow each depth, of the thoughts that come to it [T, K]. */
  remaining: Float32Array;
  /** Mean variance of the ponder steps of a decision. */
  spread: number;
}

/**
 * The loss of a rule that acts by a mixture over all depths: the learner unrolls every decision to maxSteps, and
 * estimates one advantage a decision.
 */
export interface ExpectedLoss {
  readonly depth: 'expected';
  /** Of the policy that acted, before it changes. */
  expect(thoughts: UnrolledThoughts): Expectation;
  /** @param price of a ponder step in the unit of the scaled advantages */
  gather(thoughts: UnrolledThoughts, layout: Layout, price: number): HaltingTerms;
}

/** A definition whose fields' types are known here and forgotten elsewhere. */
export function defineHalting<S extends Shape>(
  definition: HaltingDefinition<S>,
): HaltingDefinition<S> & HaltingDefinition {
  return definition as HaltingDefinition<S> & HaltingDefinition;
}
