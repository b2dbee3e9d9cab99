import { Rng } from '../../kernels/common/index.ts';
import { EntryTables, type Past, type Policy } from '../../policy/index.ts';
import { type Branch, rootOf } from './branch.ts';
import type { Decider, DeciderContext, Simulator } from './decider.ts';
import type { Decision, DecisionRequest, Spent } from './decision.ts';
import { Scheduler } from './ponder/scheduler.ts';

/** What a deliberation has at hand. */
export interface Deliberation {
  readonly policy: Policy;
  readonly simulator: Simulator;
  /** Of its own draws. */
  readonly rng: Rng;
  /** Whether the most likely or best action is wanted, not a draw. */
  readonly greedy: boolean;
  /** Whether the time for the decision is over. */
  readonly late: boolean;
  /** Branches to begin with, as many as may be thought about at the same time. */
  roots(count: number): Promise<Branch[]>;
  /** Thinks about the observation of a branch, in one batch with all others who think. */
  think(
    branch: Branch,
    how?: Pick<DecisionRequest, 'greedy' | 'tempering' | 'rng'>,
  ): Promise<Decision>;
}

/**
 * Chooses what to do about an observation by trying actions: the decisions about it and about those that will follow, at least one. Once
 * it is `late`, it chooses the best that it has.
 */
export type Deliberate = (at: Deliberation) => Promise<readonly Decision[]>;

interface Asked extends DecisionRequest {
  resolve(decision: Decision): void;
}

/** What is left of a plan. */
type Plan = readonly Decision[];

/**
 * A decider that tries actions in copies of the environments before it takes one. What a deliberation chooses is a plan: its decisions are
 * taken one after another, as long as their observations come as they did in the copy. Thoughts of all deliberations share batches.
 */
export class Deliberator<O extends DecisionRequest> implements Decider<O> {
  readonly #context: DeciderContext<O> & { simulator: Simulator };
  readonly #deliberate: Deliberate;
  readonly #forget: () => void;
  #admitting = true;
  readonly #tables: EntryTables | undefined;
  readonly #thinking: Scheduler<Asked>;
  readonly #plans = new Map<number, Plan>();
  #waiting: O[] = [];
  /** Deliberations under way; another set after `dispose`. */
  #active = new Set<O>();
  #decided: Decision<O>[] = [];
  #failures: unknown[] = [];
  /** Calls of copies that have not answered. */
  readonly #calls = new Set<Promise<unknown>>();
  #taken: readonly number[] = [];

  /**
   * @param most branches that a deliberation thinks about at the same time
   * @param forget drops what deliberations keep for later ones: the weights may be others now
   * @throws RangeError where it is given no simulator, or the policy would see in a copy whether it is right
   */
  constructor(
    context: DeciderContext<O>,
    most: number,
    deliberate: Deliberate,
    forget: () => void = () => {},
  ) {
    const { simulator, policy, slots, rng, behavior } = context;
    if (simulator === undefined) {
      throw new RangeError(
        'expected copies of the environments to try actions in, which only an evaluation has; train and act with decider: ponder',
      );
    }
    if (policy.entries && !policy.entries.sizes.observationsOnly) {
      throw new RangeError(
        'expected a memory of observations alone (memory.observationsOnly: true), since rewards in a copy would tell which action is right; got one that holds rewards',
      );
    }
    this.#context = { ...context, simulator };
    this.#deliberate = deliberate;
    this.#forget = forget;
    this.#tables = policy.entries && (context.tables ?? new EntryTables(policy.entries));
    this.#thinking = new Scheduler(policy, slots * most, rng, behavior, undefined, this.#tables);
  }

  get pending(): number {
    return this.#waiting.length + this.underway;
  }

  get underway(): number {
    return this.#active.size + this.#decided.length;
  }

  get busy(): boolean {
    return this.underway > 0 || (this.admitting && this.#waiting.length > 0);
  }

  get admitting(): boolean {
    return this.#admitting;
  }

  set admitting(admitting: boolean) {
    // Those that have waited begin in the order of their environments, as they do where a run is resumed.
    if (admitting && !this.#admitting) {
      this.#waiting.sort((a, b) => a.env - b.env);
      this.#plans.clear();
      this.#forget();
    }
    this.#admitting = admitting;
  }

  get taken(): readonly number[] {
    return this.#taken;
  }

  push(observations: readonly O[]): void {
    this.#waiting.push(...observations);
  }

  /** @throws Error of a deliberation that fails */
  async tick(): Promise<Decision<O>[]> {
    const active = this.#active;
    this.#admit();
    await this.#settled();
    this.#taken = [];
    if (this.#thinking.busy && this.#active === active) {
      const decisions = await this.#thinking.tick();
      this.#taken = this.#thinking.taken;
      for (const decision of decisions) decision.observation.resolve(decision);
      await this.#settled();
    }
    if (this.#failures.length > 0) throw this.#failures[0];
    return this.#decided.splice(0);
  }

  takeOccupancy(): number {
    return this.#thinking.takeOccupancy();
  }

  dispose(): void {
    this.#waiting = [];
    this.#active = new Set();
    this.#decided = [];
    this.#failures = [];
    this.#plans.clear();
    this.#thinking.dispose();
    if (this.#context.tables === undefined) this.#tables?.clear();
  }

  #admit(): void {
    const free = this.admitting ? this.#context.slots - this.underway : 0;
    for (const request of this.#waiting.splice(0, free)) {
      const plan = this.#planFor(request);
      if (plan.length > 0) this.#take(request, plan, { thoughts: 0, ponderSteps: 0 });
      else void this.#begin(request);
    }
  }

  /** What is left of the plan of an environment, if its observation came as was planned. */
  #planFor(request: O): Plan {
    const plan = this.#plans.get(request.env) ?? [];
    return plan.length > 0 && isSame(plan[0].observation, request) ? plan : [];
  }

  #take(request: O, [decision, ...rest]: Plan, spent: Spent): void {
    this.#plans.set(request.env, rest);
    this.#decided.push({ ...decision, observation: request, spent });
  }

  async #begin(request: O): Promise<void> {
    const active = this.#active.add(request);
    const spent = { thoughts: 0, ponderSteps: 0 };
    const keys: object[] = [];
    try {
      const plan = await this.#deliberate(this.#handFor(request, spent, keys));
      if (this.#active === active) this.#take(request, plan, spent);
    } catch (error) {
      if (this.#active === active) this.#failures.push(error);
    } finally {
      active.delete(request);
      for (const key of keys) this.#tables?.drop(key);
    }
  }

  #handFor(request: O, spent: Spent, keys: object[]): Deliberation {
    const { policy, simulator, behavior } = this.#context;
    const active = this.#active;
    const { limits, rng } = request;
    const { deadline = Infinity } = limits ?? {};
    const calls: Simulator = {
      moment: (env) => this.#called(simulator.moment(env)),
      try: (moment, action) => this.#called(simulator.try(moment, action)),
      search: (moment, action) => this.#called(simulator.search(moment, action)),
    };
    return {
      ...{
        policy,
        simulator: calls,
        rng: Rng.seed((rng ?? this.#context.rng).uint32(), 'deliberation'),
      },
      greedy: request.greedy ?? behavior().greedy,
      get late() {
        return performance.now() >= deadline;
      },
      roots: async (count) => {
        const moment = await calls.moment(request.env);
        return Array.from({ length: count }, () => {
          const key = {};
          keys.push(key);
          return rootOf(moment, request, key);
        });
      },
      think: async ({ moment, past }, how) => {
        const decision = await new Promise<Decision>((resolve) => {
          // Whoever was disposed of meanwhile waits for ever.
          if (this.#active !== active) return;
          const asked = { ...moment.observation, past, limits, rng, trace: true, ...how, resolve };
          this.#thinking.push([asked]);
        });
        spent.thoughts++;
        spent.ponderSteps += decision.ponderSteps;
        return decision;
      },
    };
  }

  #called<T>(call: Promise<T>): Promise<T> {
    const settled = call.catch(() => {}).then(() => void this.#calls.delete(settled));
    this.#calls.add(settled);
    return call;
  }

  /** Once every deliberation waits for a thought. */
  async #settled(): Promise<void> {
    do {
      await Promise.all(this.#calls);
      // What goes on after a call does so before the next turn of the event loop.
      await new Promise(setImmediate);
    } while (this.#calls.size > 0);
  }
}

/** @throws RangeError where values are to choose and none are learned */
export function checkValued({ valued = true }: { valued?: boolean }): void {
  if (valued) return;
  throw new RangeError(
    'by: expected another than value, since the algorithm of the run learns from demonstrations and trains no values',
  );
}

/** Whether an observation came as it did in a copy. */
function isSame(planned: DecisionRequest, { row, past }: DecisionRequest): boolean {
  const age = ({ entries, end }: Past) => entries[end - 1].age;
  if (past && planned.past && age(past) !== age(planned.past)) return false;
  return row.length === planned.row.length && row.every((x, i) => x === planned.row[i]);
}
