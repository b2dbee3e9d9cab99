import * as tf from '@tensorflow/tfjs-core';
import type { ActionPart, MaskRow } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import { type ActionFeatures, actionFeatures, chosenAmong } from './action-features.ts';
import type { Distribution } from './distribution.ts';

/**
 * Numbers through which the parts of an action see those before them: the rank R of the shift below.
 * @internal
 */
export const RANK = 16;

/**
 * A part of a joint action, and its places in the rows. The parameters of part k, given those before it, are
 *
 *     base_k + ((1 + u_k) ⊙ Σ_{j<k} f_j(a_j)·E_j)·V_k
 *
 * with f_j the features of part j's action. The base and the query u_k [R] come from the head; the embeddings
 * E_j [features, R] and the maps V_k [R, outputs] do not depend on the observation. So a shift depends on the state and
 * on what was chosen before together, and costs R numbers for each choice instead of one for each pair.
 */
export interface JointPart {
  part: ActionPart;
  family: Distribution;
  features: ActionFeatures;
  /** Where its numbers begin in a row of parameters. */
  base: number;
  query: number;
  free: number;
  embedding: number;
  map: number;
  /** Where its action begins in an action's row, and its mask in a mask's. */
  action: number;
  mask: number;
  /** The part whose choice selects the row of its mask. */
  maskedBy: JointPart | undefined;
  /** The choices that are allowed whatever was chosen, for a part that takes no mask; without it, all. */
  allowed?: Uint8Array;
}

/** The places of all parts, and the size and first values of the parameters that are free. */
export interface JointLayout {
  parts: readonly JointPart[];
  /** By what the sum over the parts before is multiplied at each part [R]; without it, by 1. */
  decay?: Float32Array;
  /** The choice after which no part is chosen. */
  end?: number;
  outputs: number;
  free: { count: number; initial: (index: number, rng: Rng) => number };
  actionSize: number;
  maskSize: number;
}

/** Lays out the parts of a joint action: first what the head gives, then what is free. */
export function layoutOf(
  actionParts: readonly ActionPart[],
  families: readonly Distribution[],
): JointLayout {
  const parts: JointPart[] = [];
  let [outputs, actionSize, maskSize] = [0, 0, 0];
  for (const [k, part] of actionParts.entries()) {
    const family = families[k];
    const maskedBy = part.maskedBy === undefined ? undefined : parts[part.maskedBy];
    const query = outputs + family.outputs;
    parts.push({
      ...{ part, family, features: actionFeatures(part), maskedBy },
      ...{ base: outputs, query, action: actionSize, mask: maskSize },
      ...{ free: 0, embedding: 0, map: 0 },
    });
    outputs = query + (k > 0 ? RANK : 0);
    actionSize += family.actionSize;
    maskSize += part.maskRows * part.maskWidth;
  }
  const draws: { begin: number; end: number; draw: (index: number, rng: Rng) => number }[] = [];
  let end = outputs;
  const place = (count: number, draw: (index: number, rng: Rng) => number) => {
    const begin = end;
    end += count;
    draws.push({ begin: begin - outputs, end: end - outputs, draw });
    return begin;
  };
  for (const [k, own] of parts.entries()) {
    const { family, features } = own;
    const { count, initial } = family.free;
    own.free = place(count, typeof initial === 'number' ? () => initial : initial);
    if (k + 1 < parts.length) own.embedding = place(features.size * RANK, firstEmbedding);
    if (k > 0) own.map = place(RANK * family.outputs, firstMap);
  }
  const initial = (index: number, rng: Rng) => {
    const { begin, draw } = draws.find(({ end }) => index < end)!;
    return draw(index - begin, rng);
  };
  return { parts, outputs, free: { count: end - outputs, initial }, actionSize, maskSize };
}

/** The first value of a number of an embedding. */
export const firstEmbedding = (_index: number, rng: Rng): number => rng.normal() / Math.sqrt(RANK);
/** That of a map: as small as the head's first weights, so that the first actions are nearly uniform. */
export const firstMap = (_index: number, rng: Rng): number => 0.01 * rng.normal();

/** Scratch of `condition` [R]. */
const scaled = new Float64Array(RANK);

/**
 * Writes the parameters of a part into `own`, given the sum of the embeddings before it.
 * @param sum [R]; undefined for the first part
 */
export function condition(
  { family, base, query, free, map }: JointPart,
  params: Float32Array,
  sum: Float64Array | undefined,
  own: Float32Array,
): void {
  const { outputs } = family;
  if (sum) for (let r = 0; r < RANK; r++) scaled[r] = (1 + params[query + r]) * sum[r];
  for (let o = 0; o < outputs; o++) {
    let x = params[base + o];
    if (sum) for (let r = 0; r < RANK; r++) x += scaled[r] * params[map + r * outputs + o];
    own[o] = x;
  }
  for (let f = 0; f < family.free.count; f++) own[outputs + f] = params[free + f];
}

/** Adds the embedding of a part's action to `sum` [R]. */
export function addEmbedding(
  { features, embedding }: JointPart,
  params: Float32Array,
  action: Float32Array,
  sum: Float64Array,
): void {
  features.each(action, (index, value) => {
    const at = embedding + index * RANK;
    for (let r = 0; r < RANK; r++) sum[r] += value * params[at + r];
  });
}

/**
 * Adds the gradient by a part's numbers in the row, from that by its parameters, and the part's share of the gradient by
 * the sum before it to `bySum` [R].
 */
export function conditionGradient(
  { family, base, query, free, map }: JointPart,
  params: Float32Array,
  sum: Float64Array | undefined,
  byOwn: Float32Array,
  gradient: Float32Array,
  bySum: Float64Array,
): void {
  const { outputs } = family;
  for (let o = 0; o < outputs; o++) gradient[base + o] += byOwn[o];
  for (let f = 0; f < family.free.count; f++) gradient[free + f] += byOwn[outputs + f];
  if (!sum) return;
  for (let r = 0, v = map; r < RANK; r++) {
    const scale = 1 + params[query + r];
    let byScaled = 0;
    for (let o = 0; o < outputs; o++, v++) {
      byScaled += params[v] * byOwn[o];
      gradient[v] += scale * sum[r] * byOwn[o];
    }
    gradient[query + r] += byScaled * sum[r];
    bySum[r] += byScaled * scale;
  }
}

/** Adds the gradient by the embedding of a part's action, from that by the sums after it [R]. */
export function embeddingGradient(
  { features, embedding }: JointPart,
  action: Float32Array,
  bySum: Float64Array,
  gradient: Float32Array,
): void {
  features.each(action, (index, value) => {
    const at = embedding + index * RANK;
    for (let r = 0; r < RANK; r++) gradient[at + r] += value * bySum[r];
  });
}

/** Copies the row of a part's mask that holds after the choices before it into `own` [maskWidth]. */
export function selectMask(
  { part, mask: begin, maskedBy }: JointPart,
  mask: MaskRow,
  action: Float32Array,
  own: Uint8Array,
): void {
  const row = maskedBy ? action[maskedBy.action] - maskedBy.part.start[0] : 0;
  const from = begin + row * part.maskWidth;
  for (let i = 0; i < part.maskWidth; i++) own[i] = mask[from + i];
}

/** A part of a batch of actions: its parameters, given the parts before it, its mask and its actions. */
export interface Conditional {
  family: Distribution;
  params: tf.Tensor2D; // [B, outputs + free]
  masks: tf.Tensor2D | undefined; // [B, maskWidth]
  actions: tf.Tensor2D; // [B, actionSize]
  /** 1 where the part was chosen, 0 after the end; undefined where nothing ends. */
  live: tf.Tensor1D | undefined; // [B]
}

/**
 * `condition`, `addEmbedding` and `selectMask` of all parts, on batches. After the end, all choices are to be the end.
 * @param params [B, P]
 * @param actions [B, actionSize]
 * @param masks [B, maskSize]
 */
export function conditionals(
  { parts, decay, end }: JointLayout,
  params: tf.Tensor2D,
  actions: tf.Tensor2D,
  masks: tf.Tensor2D | undefined,
): Conditional[] {
  const cut = (x: tf.Tensor2D, begin: number, size: number) =>
    tf.slice(x, [0, begin], [-1, size]) as tf.Tensor2D;
  const column = (i: number) => tf.reshape(cut(actions, i, 1), [-1]);
  /** Σ_i x_i·w_i of each row. @param x [B, m] @param begin of w [m, n] in the parameters */
  const product = (x: tf.Tensor, begin: number, m: number, n: number) => {
    const weights = tf.reshape(cut(params, begin, m * n), [-1, m, n]);
    return tf.sum(tf.mul(tf.expandDims(x, 2), weights), 1);
  };
  let sum: tf.Tensor | undefined;
  return parts.map((own, k) => {
    const { part, family, features, base, query, free, embedding, map, action, maskedBy } = own;
    const { outputs } = family;
    let given: tf.Tensor = cut(params, base, outputs);
    if (sum) {
      const scaled = tf.mul(tf.add(cut(params, query, RANK), 1), sum);
      given = tf.add(given, product(scaled, map, RANK, outputs));
    }
    const { count } = family.free;
    if (count > 0) given = tf.concat([given, cut(params, free, count)], 1);
    const chosen = cut(actions, action, family.actionSize);
    if (k + 1 < parts.length) {
      const embedded = product(features.tensor(chosen), embedding, features.size, RANK);
      sum = sum ? tf.add(decay ? tf.mul(sum, tf.tensor1d(decay)) : sum, embedded) : embedded;
    }
    const { maskRows, maskWidth } = part;
    let allowed: tf.Tensor | undefined;
    if (own.allowed) {
      allowed = tf.tile(tf.tensor2d(own.allowed, [1, outputs]), [params.shape[0], 1]);
    } else if (masks && maskWidth > 0) {
      allowed = cut(masks, own.mask, maskRows * maskWidth);
      if (maskedBy) {
        const choices = cut(actions, maskedBy.action, 1);
        const row = tf.expandDims(chosenAmong(choices, maskedBy.part.start[0], maskRows), 2);
        allowed = tf.sum(tf.mul(tf.reshape(allowed, [-1, maskRows, maskWidth]), row), 1);
      }
    }
    return {
      family,
      params: given as tf.Tensor2D,
      masks: allowed as tf.Tensor2D | undefined,
      actions: chosen,
      live:
        end === undefined || k === 0
          ? undefined
          : (tf.cast(tf.notEqual(column(action - 1), end), 'float32') as tf.Tensor1D),
    };
  });
}
