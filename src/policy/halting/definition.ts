import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { HaltingRule } from './rule.ts';

/** The fields of a config's `halting` section that every rule has. */
export interface CommonSettings {
  /** The fewest ponder steps of a decision; they cost nothing. */
  minSteps: number;
  /** Ponder steps after which acting is forced. */
  maxSteps: number;
  /** Keeps the halting probability while acting in [floor, 1 − floor]. */
  floor: number;
}

type Shape = Record<string, z.ZodType>;
type Settings<S extends Shape> = CommonSettings & z.infer<z.ZodObject<S>>;

/**
 * A halting rule that training can learn: how it ends thoughts during training, and its terms of the loss
 * (`registerHalting`). Configs, metrics and reports use its names.
 */
export interface HaltingDefinition<S extends Shape = Shape> {
  /** The value of the config's `halting.rule`. */
  readonly name: string;
  /** How it ends a thought, in a clause without a full stop. */
  readonly summary: string;
  /** Its own fields of the config's `halting` section, which holds the fields of all rules. */
  readonly fields: S;
  /** Says which of its fields is wrong, and why; undefined where they are right. */
  explain?(settings: Settings<S>): { field: string; message: string } | undefined;
  /** The rule that ends thoughts during training, once the halting head is released. */
  rule(settings: Settings<S>): HaltingRule;
  /** The exit that ends thoughts after training, in place of the config's `evaluation.exit`. */
  readonly exit?: string;
  /** Present where it reads values of acting and of thinking on, which an algorithm such as `pqn` learns; it has no loss. */
  readonly byValues?: true;
  /** Its loss. A rule that has neither a loss nor `byValues` learns nothing, and has no warm-up. */
  loss?(settings: Settings<S>): SampledLoss | ExpectedLoss;
  /** The meaning of each of its statistics, by name; a statistic is a mean over the minibatches of an update. */
  readonly statistics: Readonly<Record<string, string>>;
}

/**
 * The order of a minibatch's decisions: those that are unrolled deepest come first, and [M] arrays hold depth after
 * depth.
 */
export interface Layout {
  /** The index in the rollout of each decision [B]. */
  sorted: Int32Array;
  /** At index k − 1, the number of decisions that are unrolled to at least k ponder steps; their sum is M. */
  reach: readonly number[];
}

/** PPO's clipped surrogate of one choice (arXiv 1707.06347, eq. 7): −min(ratio·A, clip(ratio, 1 ± ε)·A). */
export interface RowSurrogate {
  /** The surrogate. */
  loss: number;
  /** Its derivative by ln ratio. */
  slope: number;
  /** An estimate of KL(old ‖ new), in nats: (ratio − 1) − ln ratio. */
  kl: number;
  /** |ratio − 1| */
  off: number;
}

/** `RowSurrogate` for many choices, without the derivative. */
export interface TensorSurrogate {
  /** The surrogates [M]. */
  loss: tf.Tensor1D;
  /** The estimates of KL [M], in nats. */
  kl: tf.Tensor1D;
  /** |ratio − 1| [M]. */
  off: tf.Tensor1D;
}

/** The input of a rule's terms on the host. */
export interface TermInputsByRows {
  /** Halting logits [M]. */
  logits: Float64Array;
  /** ln π(action): at each decision's last depth [B], or at every depth [M] for an `ExpectedLoss`. */
  logProbs: Float64Array;
  /** Entropies of the same distributions, in nats. */
  entropies: Float64Array;
  /** The surrogate of a halting choice. */
  surrogate(logRatio: number, advantage: number): RowSurrogate;
  /** Weight of the halting entropy. */
  entropyWeight: number;
}

/** The input of a rule's terms as tensors; the fields are those of `TermInputsByRows`. */
export interface TermInputsByTensors {
  /** Halting logits [M]. */
  logits: tf.Tensor1D;
  /** ln π(action): [B], or [M] for an `ExpectedLoss`. */
  logProbs: tf.Tensor1D;
  /** Entropies of the same distributions, in nats. */
  entropies: tf.Tensor1D;
  /** The surrogates of halting choices. */
  surrogate(logRatio: tf.Tensor, advantage: Float32Array): TensorSurrogate;
}

/** A rule's terms of the loss of a minibatch; every sum is over its decisions. */
export interface TermsByRows {
  /** ln π(action) of each decision [B], whose ratio PPO clips. */
  logProb: Float64Array;
  /** The derivatives of `logProb`; absent where `logProb` is `logProbs` itself. */
  mixing?: {
    /** By `logProbs` [M]. */
    byLogProb: Float64Array;
    /** By `logits` [M]. */
    byLogit: Float64Array;
  };
  /** The weights of `entropies` in the action entropy; default: 1 each. */
  entropyWeights?: ArrayLike<number>;
  /** The sum of the halting surrogates. */
  haltLoss: number;
  /** The sum of the entropies of the halting choices, in nats. */
  haltEntropy: number;
  /** The derivatives of haltLoss − entropyWeight · haltEntropy by `logits` [M]. */
  haltSlopes: Float64Array;
  /** Mean KL of the halting choices, in nats. */
  haltKl: number;
  /** The largest |ratio − 1| of the halting choices. */
  off: number;
  /** Means, in the order of the definition's `statistics`. */
  statistics: readonly number[];
}

/** `TermsByRows` as tensors, which tfjs differentiates. */
export interface TermsByTensors {
  /** ln π(action) of each decision [B], whose ratio PPO clips. */
  logProb: tf.Tensor1D;
  /** A tensor of any shape; its sum is the action entropy. */
  entropy: tf.Tensor;
  /** A tensor of any shape; its sum is the halting loss. */
  haltLoss: tf.Tensor;
  /** A tensor of any shape; its sum is the entropy of the halting choices. */
  haltEntropy: tf.Tensor;
  /** Mean KL of the halting choices, in nats. */
  haltKl: tf.Scalar;
  /** The largest |ratio − 1| of the halting choices. */
  off: tf.Scalar;
  /** Means, in the order of the definition's `statistics`. */
  statistics: readonly tf.Scalar[];
}

/** A rule's terms for one minibatch, twice: `byTensors` is the definition, `byRows` is faster on a CPU. */
export interface HaltingTerms {
  /** The terms as tensors. */
  byTensors(inputs: TermInputsByTensors): TermsByTensors;
  /** The same terms on the host, in float64, with their derivatives. */
  byRows(inputs: TermInputsByRows): TermsByRows;
}

/** A rollout's decisions whose depth the halting head drew, with an advantage for each ponder step. */
export interface SampledThoughts {
  /** Whether the halting head is released, so that the choices were its own. */
  released: boolean;
  /** Ponder steps of each decision [T]. */
  ponderSteps: Int32Array;
  /** The index of each decision's first micro-step in [M] arrays [T]. */
  offset: Int32Array;
  /** 1 for a decision whose depth was forced [T]. */
  forced: Uint8Array;
  /** Halting probabilities at the time of the decision [M]. */
  halts: Float32Array;
  /** Advantages of thinking on, or of acting [M]. */
  advantages: Float32Array;
  /** The factor of the advantages in the halting terms. */
  scale: number;
}

/**
 * The loss of a rule that draws when to act. The learner unrolls the ponder steps that a decision took and estimates an
 * advantage for each; the action's term is that of the last one.
 */
export interface SampledLoss {
  /** Tells it from an `ExpectedLoss`. */
  readonly depth: 'sampled';
  /** The terms of a minibatch. */
  gather(thoughts: SampledThoughts, layout: Layout): HaltingTerms;
}

/** A rollout's decisions, each unrolled to every depth. */
export interface UnrolledThoughts {
  /** Whether the halting head is released, so that the choices were its own. */
  released: boolean;
  /** Share of thoughts whose depth is drawn uniformly, in [0, 1]. */
  forced: number;
  /** Number of decisions (T). */
  count: number;
  /** Number of depths of each (K). */
  depths: number;
  /** Halting logits [T, K]. */
  logits: Float32Array;
  /** ln π(action) [T, K]. */
  logProbs: Float64Array;
}

/** Expectations over depth of the policy that acted. */
export interface Expectation {
  /** ln π(action) of each decision, summed over depths [T]. */
  logProb: Float64Array;
  /** Mean ponder steps beyond `minSteps` [T]. */
  priced: Float64Array;
  /** Probability that a thought ends at each depth [T, K]. */
  acted: Float32Array;
  /** Probability that a thought with this action reached each depth [T, K]: the weight of the value there. */
  reached: Float32Array;
  /** Mean priced ponder steps after each depth, among thoughts that reach it [T, K]. */
  remaining: Float32Array;
  /** Mean over decisions of the variance of their ponder steps. */
  spread: number;
}

/**
 * The loss of a rule that acts by a mixture over all depths. The learner unrolls every decision to `maxSteps`, and
 * estimates one advantage for each decision.
 */
export interface ExpectedLoss {
  /** Tells it from a `SampledLoss`. */
  readonly depth: 'expected';
  /** The expectations of the policy that acted, before it changes. */
  expect(thoughts: UnrolledThoughts): Expectation;
  /**
   * The terms of a minibatch.
   * @param price of a ponder step, in the unit of the scaled advantages
   */
  gather(thoughts: UnrolledThoughts, layout: Layout, price: number): HaltingTerms;
}

/**
 * Types a halting rule's definition: inside it the settings have the types of its `fields`, outside it fits into lists
 * of definitions. Returns its argument.
 *
 * ```ts
 * import { defineHalting, registerHalting } from 'pondera';
 * import { z } from 'zod';
 *
 * // Acts after `beats` ponder steps, and learns nothing.
 * const metronome = defineHalting({
 *   name: 'metronome',
 *   summary: 'after as many ponder steps as beats',
 *   fields: { beats: z.int().min(1).default(2).describe('Ponder steps of the rule metronome.') },
 *   rule: ({ beats }) => ({ depth: () => beats, halts: ({ n }) => n >= beats }),
 *   statistics: {},
 * });
 * registerHalting(metronome);
 * ```
 */
export function defineHalting<S extends Shape>(
  definition: HaltingDefinition<S>,
): HaltingDefinition<S> & HaltingDefinition {
  return definition as HaltingDefinition<S> & HaltingDefinition;
}
