import * as tf from '@tensorflow/tfjs-core';
import { NonFiniteError } from '../../../kernels/common/index.ts';
import { gatherRows, numbersOf, reshaped, tensorOf } from '../../../kernels/ops/index.ts';
import type { Policy, Thought } from '../../../policy/index.ts';
import type { Decision } from '../decision.ts';
import { rowsOf } from '../rows-of.ts';

/** What a policy imagines that an action leads to. */
export interface ImaginedStep {
  /** The latent state [R·D]. */
  state: Float32Array;
  /** Parameters of the action distribution there [P]. */
  params: Float32Array;
  value: number;
  reward: number;
  /** The sign of what comes after: near 1, −1 where the other player's turn comes, or 0 where the episode ends. */
  turn: number;
}

interface Asked {
  /** The thought that it began with. */
  of: number;
  state: Float32Array;
  /** Flat [1]. */
  action: Float32Array;
  resolve(step: ImaginedStep): void;
}

/** Imagines what actions lead to after some thoughts: what is asked for at the same time shares a batch. */
export class Imagination {
  readonly #policy: Policy;
  /** Ponder steps of the thoughts, by which the heads read what is imagined [B]. */
  readonly #ponderSteps: Float32Array;
  readonly #first: Thought;
  /** The last state of each thought [B], [R·D] each. */
  readonly states: readonly Float32Array[];
  #asked: Asked[] = [];

  private constructor(
    policy: Policy,
    ponderSteps: Float32Array,
    first: Thought,
    states: readonly Float32Array[],
  ) {
    this.#policy = policy;
    this.#ponderSteps = ponderSteps;
    this.#first = first;
    this.states = states;
  }

  /** Goes on from decisions, whose thoughts are computed again. */
  static async after(policy: Policy, decisions: readonly Decision[]): Promise<Imagination> {
    const depths = Float32Array.from(decisions, ({ ponderSteps }) => ponderSteps);
    const most = Math.max(...depths);
    let first!: Thought;
    const last = tf.tidy(() => {
      let thought = (first = policy.begin(rowsOf(decisions.map((one) => one.observation))));
      const states = Array.from({ length: most }, () => {
        thought = { ...thought, z: policy.step(thought) };
        return thought.z;
      });
      for (const tensor of [...first.context, ...first.shared]) tf.keep(tensor);
      return reshaped(tf.stack(states), [most, depths.length, -1]);
    });
    const numbers = await numbersOf(last);
    const size = last.shape[2]!;
    const states = Array.from(depths, (n, i) => {
      const at = ((n - 1) * depths.length + i) * size;
      return numbers.slice(at, at + size);
    });
    last.dispose();
    return new Imagination(policy, depths, first, states);
  }

  /** What an action leads to; `answer` brings it. @param of the thought that it began with @param action flat [1] */
  step(of: number, state: Float32Array, action: Float32Array): Promise<ImaginedStep> {
    return new Promise((resolve) => this.#asked.push({ of, state, action, resolve }));
  }

  /** Answers all that was asked, in one batch. @throws NonFiniteError where numbers are not finite */
  async answer(): Promise<void> {
    const asked = this.#asked.splice(0);
    if (asked.length === 0) return;
    const rows = tf.tidy(() => this.#imagined(asked));
    const numbers = await numbersOf(rows);
    const size = rows.shape[1];
    rows.dispose();
    const { outputs: P } = this.#policy.distribution;
    for (const [i, { resolve }] of asked.entries()) {
      const row = numbers.slice(i * size, (i + 1) * size);
      if (!row.every(Number.isFinite)) {
        throw new NonFiniteError(
          'policy: expected finite numbers of an imagined action, got others',
        );
      }
      const [value, , reward, turn] = row.subarray(P, P + 4);
      resolve({
        params: row.subarray(0, P),
        ...{ value, reward, turn },
        state: row.subarray(P + 4),
      });
    }
  }

  dispose(): void {
    tf.dispose([this.#first.context, this.#first.shared]);
  }

  /** Heads, reward, turn and state after each action [B, P + 4 + R·D]. */
  #imagined(asked: readonly Asked[]): tf.Tensor2D {
    const policy = this.#policy;
    const [, R, D] = this.#first.z.shape;
    const of = Int32Array.from(asked, (one) => one.of);
    const states = joined(asked.map(({ state }) => state));
    const actions = joined(asked.map(({ action }) => action));
    const z = tensorOf(states, [asked.length, R, D]) as tf.Tensor3D;
    // Where each thought asks once, as in searches side by side, all are taken as they are.
    const all = of.length === this.states.length && of.every((row, i) => row === i);
    const context = all ? this.#first.context : this.#first.context.map((x) => gatherRows(x, of));
    const thought = { ...this.#first, z, context };
    const next = policy.imagine(thought, tensorOf(actions, [asked.length, 1]) as tf.Tensor2D).z;
    const { reward, turn } = policy.model!.outcomes(next);
    const column = (x: tf.Tensor) => tf.reshape(x, [-1, 1]);
    const depths = Float32Array.from(of, (row) => this.#ponderSteps[row]);
    const heads = policy.outputs(next, depths);
    return tf.concat(
      [heads, column(reward), column(turn), tf.reshape(next, [asked.length, -1])],
      1,
    ) as tf.Tensor2D;
  }
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const [{ length: size }] = rows;
  const all = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    all.set(row, i * size);
  });
  return all;
}
