import * as tf from '@tensorflow/tfjs-core';
import type { Ranges } from '../../../kernels/index.ts';
import { placeRows } from '../../../kernels/ops/index.ts';
import {
  EntryTables,
  type Past,
  type Policy,
  pastOf,
  type Thought,
} from '../../../policy/index.ts';
import type { DecisionRequest } from '../decision.ts';
import { rowsOf } from '../rows-of.ts';

/** The tensors of the present thoughts; each thought has a row in every one. */
export class ThoughtBatch {
  readonly #policy: Policy;
  /** Keys and values of entries, where the policy has a memory. */
  readonly #tables: EntryTables | undefined;
  /** Whether nobody else has the tables. */
  readonly #own: boolean;
  /** The pasts that thoughts attend to. */
  readonly #pasts = new Map<DecisionRequest, Past>();
  #thought: Thought | undefined;

  /** @param tables of others who think with the same weights; default: its own */
  constructor(policy: Policy, tables?: EntryTables) {
    this.#policy = policy;
    this.#own = tables === undefined;
    this.#tables = policy.entries && (tables ?? new EntryTables(policy.entries));
  }

  /**
   * Adds new thoughts, drops ended ones, and takes one ponder step with all that remain.
   *
   * @param from for each thought, its former row; the indices of new thoughts follow those of the former rows [B]
   * @param n ponder steps of each thought after this one [B]
   * @param last whether every thought ends with this ponder step; then the batch is empty afterwards
   * @param latent whether to return the readouts too
   * @returns the outputs of the heads [B, P + 2], then, if asked for, the readouts before and after the step [B, 2·D]
   */
  step(
    newcomers: readonly DecisionRequest[],
    from: Int32Array,
    n: Float32Array,
    last: boolean,
    latent = false,
  ): tf.Tensor2D {
    let next: Thought | undefined;
    const [result] = tf.tidy(() => {
      const fresh = newcomers.length > 0 ? this.#begin(newcomers) : undefined;
      const thought = this.#current(joined(this.#thought, from, fresh));
      const z = last ? this.#policy.lastStep(thought) : this.#policy.step(thought);
      const heads = this.#policy.outputs(z, n);
      const outputs = latent ? tf.concat([heads, readoutOf(thought.z), readoutOf(z)], 1) : heads;
      if (last) return [outputs];
      next = { ...thought, z };
      return [outputs, ...tensorsOf(next)] as tf.Tensor[];
    });
    this.#replace(next);
    return result as tf.Tensor2D;
  }

  /** A thought has ended: another may begin about the same history. */
  ended(request: DecisionRequest): void {
    const past = this.#pasts.get(request);
    if (past === undefined) return;
    this.#pasts.delete(request);
    this.#tables!.release(past);
  }

  /** Drops all thoughts. */
  clear(): void {
    for (const request of this.#pasts.keys()) this.ended(request);
    this.#replace(undefined);
  }

  /** Drops what it computed of entries, between thoughts: the weights may be others now. */
  forget(): void {
    if (this.#own) this.#tables?.clear();
  }

  #begin(newcomers: readonly DecisionRequest[]): Thought {
    const tables = this.#tables;
    if (tables === undefined) return this.#policy.begin(rowsOf(newcomers));
    const pasts = newcomers.map(pastOf);
    const packed = tables.admit(pasts);
    newcomers.forEach((request, i) => {
      this.#pasts.set(request, pasts[i]);
    });
    try {
      return this.#policy.begin(packed, tables.keep);
    } catch (error) {
      // Their rows were not written.
      for (const past of pasts) tables.drop(past.of ?? past);
      throw error;
    }
  }

  /** A thought with the tables as they are now. */
  #current(thought: Thought): Thought {
    if (thought.memory === undefined) return thought;
    const tables = this.#tables!.from(this.#policy.entries!.tables);
    return { ...thought, memory: { ...thought.memory, tables } };
  }

  /** Replaces the thoughts by `next`, and frees the tensors that `next` does not share. */
  #replace(next: Thought | undefined): void {
    const kept = next && tensorsOf(next);
    const old = this.#thought === undefined ? [] : tensorsOf(this.#thought);
    for (const tensor of old) if (!kept?.includes(tensor)) tensor.dispose();
    this.#thought = next;
  }
}

function tensorsOf({ z, context, shared }: Thought): tf.Tensor[] {
  return [z, ...context, ...shared];
}

/** The readout [B, D] of a state [B, R, D]: its token 0, the input of the heads. */
function readoutOf(z: tf.Tensor3D): tf.Tensor2D {
  return tf.reshape(tf.slice(z, [0, 0, 0], [-1, 1, -1]), [z.shape[0], z.shape[2]]);
}

/** Joins thoughts. The tensors that all share come from the new thoughts, whose parameters are current. */
function joined(old: Thought | undefined, from: Int32Array, fresh: Thought | undefined): Thought {
  if (old === undefined) return fresh!;
  const same = fresh === undefined && from.length === old.z.shape[0];
  if (same) return old;
  const place = <T extends tf.Tensor>(x: T, more: T | undefined) => placeRows(x, from, more) as T;
  return {
    z: place(old.z, fresh?.z),
    context: old.context.map((tensor, i) => place(tensor, fresh?.context[i])),
    shared: (fresh ?? old).shared,
    memory: old.memory && {
      tables: old.memory.tables,
      ranges: placedRanges(old.memory.ranges, from, fresh?.memory?.ranges),
    },
  };
}

/** The ranges of thoughts by their former places, those of new thoughts after them. */
function placedRanges(old: Ranges, from: Int32Array, more: Ranges | undefined): Ranges {
  const count = old.begin.length;
  const placed = (bound: 'begin' | 'end') =>
    from.map((row) => (row < count ? old[bound][row] : more![bound][row - count]));
  return { begin: placed('begin'), end: placed('end') };
}
