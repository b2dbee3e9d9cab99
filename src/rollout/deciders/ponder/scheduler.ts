import { NonFiniteError, type Rng } from '../../../kernels/common/index.ts';
import { numbersOf } from '../../../kernels/ops/index.ts';
import {
  type Distribution,
  type EntryTables,
  type HaltingRule,
  type HaltStep,
  haltProbability,
  type Policy,
  type ThoughtState,
} from '../../../policy/index.ts';
import type { Decider, DecisionOptions } from '../decider.ts';
import type { Decision, DecisionRequest, StepTrace } from '../decision.ts';
import { ThoughtBatch } from './thought-batch.ts';

/** A thought in a slot. */
interface Slot<O> {
  observation: O;
  /** Ponder steps taken. */
  n: number;
  /** Ponder steps that it will take, where that is known in advance. */
  depth: number | undefined;
  forced: boolean;
  halts: number[];
  values: number[];
  /** Π(1 − halt) over the ponder steps at which it could have halted. */
  survival: number;
  /** The state after each ponder step, and the rule's measure of it; empty where the rule has no measure. */
  states: ThoughtState[];
  measured: number[];
  trace: StepTrace[];
}

/**
 * The decider `ponder`. Each slot holds one thought; a tick takes one ponder step in all slots as one batch. A slot
 * whose thought ends gives its decision and takes the next waiting observation. So the cost is proportional to the sum
 * of ponder steps, and a slow environment delays no other.
 */
export class Scheduler<O extends DecisionRequest = DecisionRequest> implements Decider<O> {
  readonly #policy: Policy;
  /** Parameters of the action distribution (P). */
  readonly #outputs: number;
  readonly #capacity: number;
  readonly #rng: Rng;
  readonly #behavior: () => DecisionOptions;
  readonly #failed: ((observation: O, error: Error) => void) | undefined;
  readonly #queue: O[] = [];
  /** Each slot is a row of the tensors. */
  readonly #thoughts: ThoughtBatch;
  #slots: Slot<O>[] = [];
  /** The slots whose thoughts have ended, in rising order: new thoughts take them. */
  #ended: number[] = [];
  #admitting = true;
  #ticks = 0;
  #liveSlots = 0;
  #taken: number[] = [];

  /**
   * Makes a scheduler.
   * @param capacity number of slots, at least 1
   * @param rng draws depths, halts and actions, in slot order
   * @param behavior how thoughts end and actions are chosen; called at each tick
   * @param failed receives an observation whose numbers are not finite; it gets no decision. Without it, the tick throws
   * @param tables keys and values of entries that it shares with others, where the policy has a memory; default: its own
   * @throws RangeError where `capacity` is no integer ≥ 1
   */
  constructor(
    policy: Policy,
    capacity: number,
    rng: Rng,
    behavior: () => DecisionOptions,
    failed?: (observation: O, error: Error) => void,
    tables?: EntryTables,
  ) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`Scheduler: capacity: expected an integer ≥ 1, got ${capacity}`);
    }
    this.#policy = policy;
    const { outputs, free } = policy.distribution;
    this.#outputs = outputs + free.count;
    this.#thoughts = new ThoughtBatch(policy, tables);
    this.#capacity = capacity;
    this.#rng = rng;
    this.#behavior = behavior;
    this.#failed = failed;
  }

  /** Thoughts in slots, and waiting observations. */
  get pending(): number {
    return this.underway + this.#queue.length;
  }

  /** Thoughts in slots. */
  get underway(): number {
    return this.#slots.length - this.#ended.length;
  }

  /** Whether a tick has anything to do. */
  get busy(): boolean {
    return this.underway > 0 || (this.#admitting && this.#queue.length > 0);
  }

  /** Whether waiting observations may take slots. */
  get admitting(): boolean {
    return this.#admitting;
  }

  set admitting(admitting: boolean) {
    // Those that have waited begin in the order of their environments, as they do where a run is resumed.
    if (admitting && !this.#admitting) {
      this.#queue.sort((a, b) => a.env - b.env);
      this.#thoughts.forget();
    }
    this.#admitting = admitting;
  }

  /** For each live slot of the latest tick, the number of its ponder step, from 1 [live slots]. */
  get taken(): readonly number[] {
    return this.#taken;
  }

  /** Adds observations to decide on. */
  push(observations: readonly O[]): void {
    this.#queue.push(...observations);
  }

  /** The mean share of live slots over the ticks since the last call, in [0, 1]; 0 without a tick. */
  takeOccupancy(): number {
    const share = this.#ticks === 0 ? 0 : this.#liveSlots / (this.#ticks * this.#capacity);
    this.#ticks = this.#liveSlots = 0;
    return share;
  }

  /**
   * Takes one ponder step in all live slots.
   * @returns the decisions of the thoughts that ended
   * @throws NonFiniteError where a thought's numbers are not finite and `failed` was not given
   */
  async tick(): Promise<Decision<O>[]> {
    const behavior = this.#behavior();
    const free = this.#admitting ? this.#capacity - this.underway : 0;
    const incoming = this.#queue.splice(0, free);
    if (incoming.length === 0 && this.underway === 0) return [];
    const from = this.#seat(incoming, behavior);
    const slots = this.#slots;
    this.#ticks++;
    this.#liveSlots += slots.length;

    this.#taken = slots.map((slot) => ++slot.n);
    const last = slots.every((slot) => slot.n >= stepsOf(slot, behavior));
    const latent = behavior.rule.measure?.readsLatent;
    const outputs = this.#thoughts.step(
      incoming,
      from,
      Float32Array.from(this.#taken),
      last,
      latent,
    );
    const data = await numbersOf(outputs);
    const width = outputs.shape[1];
    outputs.dispose();
    // Disposed of while the numbers were on their way.
    if (this.#slots !== slots) return [];

    const decisions: Decision<O>[] = [];
    for (let i = 0; i < slots.length; i++) {
      const at = i * width + this.#outputs;
      const params = data.subarray(i * width, at);
      const fault = faultOf(slots[i], params, data[at], data[at + 1]);
      if (fault !== undefined) {
        if (this.#failed === undefined) throw fault;
        this.#end(i);
        this.#failed(slots[i].observation, fault);
        continue;
      }
      const readouts = latent ? data.subarray(at + 2, (i + 1) * width) : NONE;
      const [value, logit] = [data[at], data[at + 1]];
      const decision = this.#advance(slots[i], params, value, logit, readouts, behavior);
      if (decision === undefined) continue;
      decisions.push(decision);
      this.#end(i);
    }
    if (this.underway === 0) this.#empty();
    return decisions;
  }

  /** Drops all pending observations; `push` works again afterwards. */
  dispose(): void {
    this.#queue.length = 0;
    this.#empty();
    this.#thoughts.forget();
  }

  #end(place: number): void {
    this.#ended.push(place);
    this.#thoughts.ended(this.#slots[place].observation);
  }

  #empty(): void {
    this.#slots = [];
    this.#ended = [];
    this.#thoughts.clear();
  }

  /**
   * Puts new thoughts into the slots of ended ones, then into further slots; moves thoughts from the end into slots that
   * stay free.
   * @returns for each slot, the index of the row that it takes, as `ThoughtBatch.step` wants it
   */
  #seat(incoming: readonly O[], behavior: DecisionOptions): Int32Array {
    const [slots, ended] = [this.#slots, this.#ended];
    const before = slots.length;
    const from = slots.map((_, place) => place);
    incoming.forEach((observation, i) => {
      const place = ended.shift() ?? slots.length;
      slots[place] = this.#begin(observation, behavior);
      from[place] = before + i;
    });
    while (ended.length > 0) {
      // The last one first, so that whatever comes after it is live.
      const place = ended.pop()!;
      const [slot, row] = [slots.pop()!, from.pop()!];
      if (place < slots.length) [slots[place], from[place]] = [slot, row];
    }
    return Int32Array.from(from);
  }

  #begin(observation: O, { rule, minSteps, maxSteps, forced }: DecisionOptions): Slot<O> {
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
      states: [],
      measured: [],
      trace: [],
    };
  }

  /** Records a ponder step of a thought; returns its decision, if it ends here. */
  #advance(
    slot: Slot<O>,
    params: Float32Array,
    valueOutput: number,
    logit: number,
    readouts: Float32Array,
    behavior: DecisionOptions,
  ): Decision<O> | undefined {
    const { distribution } = this.#policy;
    const { mask, greedy = behavior.greedy, rng = this.#rng } = slot.observation;
    const trace = behavior.trace || slot.observation.trace;
    const { minSteps, maxSteps, floor } = behavior;
    const { halt, value } = distribution.reading?.(params, valueOutput, logit, mask, {
      act: slot.n >= minSteps,
      think: slot.n < maxSteps,
    }) ?? { halt: haltProbability(logit, floor), value: valueOutput };
    slot.halts.push(halt);
    slot.values.push(value);
    if (slot.n >= minSteps) slot.survival *= 1 - halt;
    this.#measure(slot, params, readouts, behavior.rule);
    const { n, measured } = slot;
    const halted = 1 - slot.survival;
    if (trace) {
      const { valueScale = 1 } = behavior;
      const actions = distribution.describe(params, mask, valueScale);
      slot.trace.push({
        halt,
        value: value / valueScale,
        actions,
        halted,
        measured: measured.at(-1),
      });
    }
    if (!this.#ends(slot, { n, halt, halted, measured }, behavior)) return undefined;
    const action = new Float32Array(distribution.actionSize);
    const { tempering } = slot.observation;
    const drawnFrom = (tempering && distribution.tempered?.(params, mask, tempering)) ?? params;
    const logProb = greedy
      ? distribution.mode(params, mask, action)
      : distribution.sample(drawnFrom, mask, rng, action);
    return {
      observation: slot.observation,
      action,
      choice: distribution.toAction(action),
      logProb,
      demonstrated: demonstratedBy(slot.observation, distribution, params),
      ponderSteps: slot.n,
      halts: new Float32Array(slot.halts),
      values: new Float32Array(slot.values),
      forced: slot.forced,
      ...(trace && { params, trace: slot.trace }),
    };
  }

  /** Measures a ponder step, where the rule decides when the thought ends. */
  #measure(slot: Slot<O>, params: Float32Array, readouts: Float32Array, rule: HaltingRule): void {
    if (rule.measure === undefined || slot.depth !== undefined) return;
    const half = readouts.length / 2;
    slot.states.push({
      params,
      before: readouts.subarray(0, half),
      latent: readouts.subarray(half),
    });
    const { distribution } = this.#policy;
    slot.measured.push(rule.measure.of(slot.states, distribution, slot.observation.mask));
  }

  /** Whether a thought ends; it becomes forced where a limit of the caller ends it and the rule would not. */
  #ends(slot: Slot<O>, step: HaltStep, behavior: DecisionOptions): boolean {
    const { limits, rng = this.#rng } = slot.observation;
    const { maxSteps = Infinity, deadline } = limits ?? {};
    const { n, depth } = slot;
    if (n >= stepsOf(slot, behavior)) return true;
    const open = depth === undefined && n >= behavior.minSteps;
    if (open && behavior.rule.halts(step, rng)) return true;
    const limited = n >= maxSteps || (deadline !== undefined && performance.now() >= deadline);
    slot.forced ||= limited;
    return limited;
  }
}

const NONE = new Float32Array(0);

/** The number of ponder steps at which a thought ends in any case. */
function stepsOf({ depth }: Slot<unknown>, { maxSteps }: DecisionOptions): number {
  return depth ?? maxSteps;
}

/** ln π of the action that an observation's environment demonstrates; undefined where it does not. */
function demonstratedBy(
  { demonstration, mask }: DecisionRequest,
  distribution: Distribution,
  params: Float32Array,
): number | undefined {
  if (demonstration === undefined) return undefined;
  const action = new Float32Array(distribution.actionSize);
  distribution.fromFlat(demonstration, action);
  return distribution.score(params, mask, action).logProb;
}

/** The error for a ponder step whose numbers are not finite; undefined where they are. */
function faultOf(
  { n, observation }: Slot<DecisionRequest>,
  params: Float32Array,
  value: number,
  logit: number,
): Error | undefined {
  if (allFinite(params) && Number.isFinite(value) && Number.isFinite(logit)) return undefined;
  return new NonFiniteError(
    `policy: non-finite output after ponder step ${n} (environment ` +
      `${observation.env}, value ${value}, halting logit ${logit}, action [${params}])`,
  );
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
