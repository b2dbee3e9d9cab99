import * as tf from '@tensorflow/tfjs-core';
import type { Observation } from '../envs/index.ts';
import { joinRows, type Rng } from '../kernels/index.ts';
import { type HaltingRule, haltProbability, type Policy, type Thought } from '../policy/index.ts';
import type { Decision, StepTrace } from './messages.ts';

/** How thoughts end and actions are chosen; may change between ticks. */
export interface Behaviour {
  rule: HaltingRule;
  minSteps: number;
  maxSteps: number;
  /** Share of thoughts forced to a uniformly random depth. */
  forced: number;
  /** The halting probability is kept in [floor, 1 − floor]. */
  floor: number;
  /** Take the most likely action instead of drawing one. */
  greedy: boolean;
  /** Record what each step thought. */
  trace?: boolean;
}

/** A thought in a slot. */
interface Slot {
  observation: Observation;
  /** Steps taken. */
  n: number;
  /** Steps it will take, where that is known. */
  depth: number | undefined;
  forced: boolean;
  halts: number[];
  values: number[];
  /** Π(1 − halt) over the steps at which it could have halted. */
  survival: number;
  params: Float32Array | undefined;
  trace: StepTrace[];
}

/**
 * The slot-refill ponder scheduler: each slot holds one thought, every tick runs one core step over
 * all live slots, a slot that halts gives its decision and takes the next waiting observation. Cost
 * follows the sum of ponder steps, and a slow environment blocks nobody.
 */
export class Scheduler {
  readonly #policy: Policy;
  readonly #capacity: number;
  readonly #rng: Rng;
  readonly #behaviour: () => Behaviour;
  readonly #queue: Observation[] = [];
  #slots: Slot[] = [];
  /** Of the latest tick; thoughts that have ended since are still among its rows. */
  #thought: Thought | undefined;
  /** The rows of `#thought` that go on, one a slot. */
  #rows = new Int32Array(0);
  #round = 0;
  #ticks = 0;
  #liveSlots = 0;
  #taken: number[] = [];

  /**
   * @param capacity slots, at least 1
   * @param rng draws depths, halts and actions, in slot order
   */
  constructor(policy: Policy, capacity: number, rng: Rng, behaviour: () => Behaviour) {
    this.#policy = policy;
    this.#capacity = capacity;
    this.#rng = rng;
    this.#behaviour = behaviour;
  }

  /** Thoughts under way or waiting. */
  get pending(): number {
    return this.#slots.length + this.#queue.length;
  }

  /** Which ponder step of its thought each live slot took in the latest tick [live slots]. */
  get taken(): readonly number[] {
    return this.#taken;
  }

  push(observations: readonly Observation[]): void {
    this.#queue.push(...observations);
  }

  /** Live slots ÷ slots over the ticks since the last call; 0 where there were none. */
  takeOccupancy(): number {
    const share = this.#ticks === 0 ? 0 : this.#liveSlots / (this.#ticks * this.#capacity);
    this.#ticks = this.#liveSlots = 0;
    return share;
  }

  /**
   * Thoughts under way start again from z_0, in the order of their environments: parameters change
   * only between thoughts, and a resumed run finds the same order.
   * @param round of the decisions from here on
   */
  restart(round = this.#round): void {
    this.#round = round;
    this.#queue.push(...this.#slots.map((slot) => slot.observation));
    this.#queue.sort((a, b) => a.env - b.env);
    this.#slots = [];
    this.#replaceThought(undefined);
  }

  /** One core step over all live slots. @returns the decisions of the slots that halted */
  async tick(): Promise<Decision[]> {
    const behaviour = this.#behaviour();
    const incoming = this.#queue.splice(0, this.#capacity - this.#slots.length);
    if (incoming.length === 0 && this.#slots.length === 0) return [];
    for (const observation of incoming) this.#slots.push(this.#begin(observation, behaviour));
    const slots = this.#slots;
    this.#ticks++;
    this.#liveSlots += slots.length;

    this.#taken = slots.map((slot) => ++slot.n);
    const outputs = this.#step(incoming, slots);
    const data = (await outputs.data()) as Float32Array;
    const width = outputs.shape[1];
    outputs.dispose();
    // Restarted or disposed of while the numbers were on their way.
    if (this.#slots !== slots) return [];

    const decisions: Decision[] = [];
    const survivors: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      const row = data.subarray(i * width, (i + 1) * width);
      const decision = this.#advance(slots[i], row, behaviour);
      if (decision === undefined) survivors.push(i);
      else decisions.push(decision);
    }
    this.#slots = survivors.map((i) => slots[i]);
    this.#rows = Int32Array.from(survivors);
    if (survivors.length === 0) this.#replaceThought(undefined);
    return decisions;
  }

  dispose(): void {
    this.#slots = [];
    this.#queue.length = 0;
    this.#replaceThought(undefined);
  }

  #begin(observation: Observation, { rule, minSteps, maxSteps, forced }: Behaviour): Slot {
    const isForced = forced > 0 && this.#rng.float() < forced;
    const depth = isForced
      ? minSteps + this.#rng.int(maxSteps - minSteps + 1)
      : rule.depth?.(this.#rng);
    return {
      observation,
      n: 0,
      depth: depth === undefined ? undefined : Math.min(maxSteps, Math.max(minSteps, depth)),
      forced: isForced,
      halts: [],
      values: [],
      survival: 1,
      params: undefined,
      trace: [],
    };
  }

  /** Newcomers join the live thoughts, all take one core step; the heads' outputs come back. */
  #step(incoming: readonly Observation[], slots: readonly Slot[]): tf.Tensor2D {
    let next!: Thought;
    const [outputs] = tf.tidy(() => {
      const fresh = incoming.length > 0 ? this.#policy.begin(rowsOf(incoming)) : undefined;
      const thought = joined(this.#thought, this.#rows, fresh);
      const n = Float32Array.from(slots, (slot) => slot.n);
      next = { ...thought, z: this.#policy.step(thought) };
      const outputs: tf.Tensor = this.#policy.outputs(next.z, n);
      return [outputs, ...tensorsOf(next)];
    });
    this.#replaceThought(next);
    return outputs as tf.Tensor2D;
  }

  /** Records a step of one thought; its decision, if it ends here. */
  #advance(slot: Slot, row: Float32Array, behaviour: Behaviour): Decision | undefined {
    const { distribution } = this.#policy;
    const { mask } = slot.observation;
    const params = row.subarray(0, row.length - 2);
    const value = row[row.length - 2];
    const logit = row[row.length - 1];
    if (!allFinite(row)) {
      throw new Error(
        `policy: non-finite output after ponder step ${slot.n} (environment ` +
          `${slot.observation.env}, value ${value}, halting logit ${logit}, action [${params}])`,
      );
    }
    const halt = haltProbability(logit, behaviour.floor);
    const change =
      behaviour.rule.readsChange && slot.params !== undefined
        ? distribution.divergence(slot.params, params, mask)
        : Infinity;
    slot.params = params;
    slot.halts.push(halt);
    slot.values.push(value);
    if (slot.n >= behaviour.minSteps) slot.survival *= 1 - halt;
    if (behaviour.trace) {
      slot.trace.push({ halt, value, actions: distribution.describe(params, mask) });
    }
    if (!this.#ends(slot, { n: slot.n, halt, halted: 1 - slot.survival, change }, behaviour)) {
      return undefined;
    }
    const action = new Float32Array(distribution.actionSize);
    const logProb = behaviour.greedy
      ? distribution.mode(params, mask, action)
      : distribution.sample(params, mask, this.#rng, action);
    return {
      observation: slot.observation,
      action,
      choice: distribution.toAction(action),
      logProb,
      steps: slot.n,
      halts: Float32Array.from(slot.halts),
      values: Float32Array.from(slot.values),
      forced: slot.forced,
      trace: behaviour.trace ? slot.trace : undefined,
      round: this.#round,
    };
  }

  #ends(slot: Slot, step: Parameters<HaltingRule['halts']>[0], behaviour: Behaviour): boolean {
    const { maxSteps = Infinity, deadline = Infinity } = slot.observation.limits ?? {};
    const { n, depth } = slot;
    if (depth !== undefined ? n >= depth : n >= behaviour.maxSteps) return true;
    if (n >= maxSteps || performance.now() >= deadline) {
      slot.forced = true;
      return true;
    }
    return depth === undefined && n >= behaviour.minSteps && behaviour.rule.halts(step, this.#rng);
  }

  /** Takes over `next`, disposing of what it does not share with the thought before. */
  #replaceThought(next: Thought | undefined): void {
    const kept = new Set(next && tensorsOf(next));
    const old = this.#thought === undefined ? [] : tensorsOf(this.#thought);
    for (const tensor of old) if (!kept.has(tensor)) tensor.dispose();
    this.#thought = next;
  }
}

function tensorsOf({ z, context, shared }: Thought): tf.Tensor[] {
  return [z, ...context, ...shared];
}

/** The observations' rows [B, size]. */
function rowsOf(observations: readonly Observation[]): tf.Tensor2D {
  const size = observations[0].row.length;
  const rows = new Float32Array(observations.length * size);
  observations.forEach(({ row }, i) => {
    rows.set(row, i * size);
  });
  return tf.tensor2d(rows, [observations.length, size]);
}

/**
 * Those thoughts of `old` that go on, then the newcomers; there are some in all. What all share comes from
 * the newcomers, whose parameters are current.
 */
function joined(old: Thought | undefined, rows: Int32Array, fresh: Thought | undefined): Thought {
  if (old === undefined) return fresh!;
  const join = <T extends tf.Tensor>(x: T, newcomers: T | undefined) =>
    joinRows(x, rows, newcomers) as T;
  return {
    z: join(old.z, fresh?.z),
    context: old.context.map((tensor, i) => join(tensor, fresh?.context[i])),
    shared: (fresh ?? old).shared,
  };
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
