import * as tf from '@tensorflow/tfjs-core';
import { placeRows, tensorOf } from '../../../kernels/index.ts';
import type { Policy, Thought } from '../../../policy/index.ts';
import type { DecisionRequest } from '../decision.ts';

/** The tensors of the thoughts under way: a row of each is one thought's. */
export class ThoughtBatch {
  readonly #policy: Policy;
  #thought: Thought | undefined;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /**
   * Newcomers join, thoughts that have ended leave, and all that are there take one core step.
   *
   * @param from for each thought from here on, its row until now; newcomers follow on those [B]
   * @param n ponder steps that each has then taken [B]
   * @param last whether no thought goes on: then none is left
   * @param latent whether to tell their readouts too
   * @returns what the heads say [B, P + 2], then the readouts before the step and after it, where asked [B, 2·D]
   */
  step(
    newcomers: readonly DecisionRequest[],
    from: Int32Array,
    n: Float32Array,
    last: boolean,
    latent = false,
  ): tf.Tensor2D {
    let next: Thought | undefined;
    const [outputs] = tf.tidy(() => {
      const fresh = newcomers.length > 0 ? this.#policy.begin(rowsOf(newcomers)) : undefined;
      const thought = joined(this.#thought, from, fresh);
      const z = last ? this.#policy.lastStep(thought) : this.#policy.step(thought);
      const heads = this.#policy.outputs(z, n);
      const told = latent ? tf.concat([heads, readoutOf(thought.z), readoutOf(z)], 1) : heads;
      if (last) return [told];
      next = { ...thought, z };
      return [told, ...tensorsOf(next)] as tf.Tensor[];
    });
    this.#replace(next);
    return outputs as tf.Tensor2D;
  }

  /** None is left. */
  clear(): void {
    this.#replace(undefined);
  }

  /** Takes over `next`, disposing of what it does not share with the thoughts before. */
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

/** Token 0 of a state [B, R, D]: what the heads read [B, D]. */
function readoutOf(z: tf.Tensor3D): tf.Tensor2D {
  return tf.reshape(tf.slice(z, [0, 0, 0], [-1, 1, -1]), [z.shape[0], z.shape[2]]);
}

/** The observations' rows [B, size]. */
function rowsOf(observations: readonly DecisionRequest[]): tf.Tensor2D {
  const size = observations[0].row.length;
  const rows = new Float32Array(observations.length * size);
  observations.forEach(({ row }, i) => {
    rows.set(row, i * size);
  });
  return tensorOf(rows, [observations.length, size]) as tf.Tensor2D;
}

/** What all thoughts share comes from the newcomers, whose parameters are current. */
function joined(old: Thought | undefined, from: Int32Array, fresh: Thought | undefined): Thought {
  if (old === undefined) return fresh!;
  const same = fresh === undefined && from.length === old.z.shape[0];
  if (same) return old;
  const place = <T extends tf.Tensor>(x: T, more: T | undefined) => placeRows(x, from, more) as T;
  return {
    z: place(old.z, fresh?.z),
    context: old.context.map((tensor, i) => place(tensor, fresh?.context[i])),
    shared: (fresh ?? old).shared,
  };
}
