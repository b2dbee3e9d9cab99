import { Rng } from '../../../kernels/common/index.ts';
import type { Decider, DeciderContext } from '../decider.ts';
import type { Decision, DecisionRequest } from '../decision.ts';
import { Scheduler } from '../ponder/scheduler.ts';
import { probabilitiesOf, withToken } from '../tokens.ts';
import { turnDiscount } from '../turn-discount.ts';
import { gumbelSearch } from './gumbel-search.ts';
import { Imagination, type ImaginedStep } from './imagination.ts';
import type { Judgment, Outcome } from './search-node.ts';
import { improvedBy, leastTrusted, likelyActions } from './search-policy.ts';

/** How much is searched, and by which discount. */
export interface ImaginedSearchSettings {
  simulations: number;
  considered: number;
  gamma: number;
}

/** A state of the tree: the thought about the observation, or what was imagined after it. */
type Place = Pick<ImaginedStep, 'state'> & { judgment: Judgment };

/**
 * Gumbel MuZero's search: that of Gumbel AlphaZero (`gumbelSearch`) in what the policy imagines. It asks no environment, so it decides
 * wherever a policy does. Each observation is thought about as by `ponder`; then the searches of all of a tick go on side by side,
 * each simulation of which is one more ponder step. In what is imagined no action is forbidden: the policy has learned which are not taken.
 */
export class ImaginedSearch<O extends DecisionRequest> implements Decider<O> {
  readonly #context: DeciderContext<O>;
  readonly #settings: ImaginedSearchSettings;
  readonly #thinking: Scheduler<O>;
  #searching = 0;
  /** Of what was dropped, no search goes on. */
  #dropped = 0;

  constructor(context: DeciderContext<O>, settings: ImaginedSearchSettings) {
    const { policy, slots, rng, behavior, failed } = context;
    this.#context = context;
    this.#settings = settings;
    const traced = () => ({ ...behavior(), trace: true });
    this.#thinking = new Scheduler(policy, slots, rng, traced, failed);
  }

  get pending(): number {
    return this.#thinking.pending + this.#searching;
  }

  get underway(): number {
    return this.#thinking.underway + this.#searching;
  }

  get busy(): boolean {
    return this.#thinking.busy;
  }

  get admitting(): boolean {
    return this.#thinking.admitting;
  }

  set admitting(admitting: boolean) {
    this.#thinking.admitting = admitting;
  }

  get taken(): readonly number[] {
    return this.#thinking.taken;
  }

  push(observations: readonly O[]): void {
    this.#thinking.push(observations);
  }

  /** Takes a ponder step, and searches from the thoughts that ended. @throws NonFiniteError where numbers are not finite */
  async tick(): Promise<Decision<O>[]> {
    const thoughts = await this.#thinking.tick();
    if (thoughts.length === 0) return [];
    this.#searching = thoughts.length;
    try {
      return await this.#searched(thoughts);
    } finally {
      this.#searching = 0;
    }
  }

  takeOccupancy(): number {
    return this.#thinking.takeOccupancy();
  }

  dispose(): void {
    this.#dropped++;
    this.#thinking.dispose();
  }

  async #searched(thoughts: readonly Decision<O>[]): Promise<Decision<O>[]> {
    const dropped = this.#dropped;
    const imagination = await Imagination.after(this.#context.policy, thoughts);
    try {
      const all = Promise.all(thoughts.map((_, i) => this.#search(thoughts, i, imagination)));
      const turn = () => new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
      while (this.#dropped === dropped) {
        const decisions = await Promise.race([all, turn()]);
        if (decisions !== undefined) return decisions;
        if (this.#dropped === dropped) await imagination.answer();
      }
      return [];
    } finally {
      imagination.dispose();
    }
  }

  async #search(
    thoughts: readonly Decision<O>[],
    i: number,
    imagination: Imagination,
  ): Promise<Decision<O>> {
    const { policy, rng, behavior } = this.#context;
    const { gamma, simulations, considered } = this.#settings;
    const { distribution } = policy;
    const thought = thoughts[i];
    const { trust = 1, ...usual } = behavior();
    const { limits, greedy = usual.greedy, rng: own } = thought.observation;
    const { deadline = Infinity } = limits ?? {};
    const draws = own ?? Rng.seed(rng.uint32(), 'search');
    let imagined = 0;
    const step = async ({ state }: Place, token: number): Promise<Outcome<Place>> => {
      const { action } = withToken(thought, token, distribution);
      imagined++;
      const next = await imagination.step(i, state, action);
      const probabilities = distribution.describe(next.params, undefined, 1);
      const judgment = { ...likelyActions(probabilities), value: next.value };
      const discount = Math.abs(next.turn) * turnDiscount(gamma, next.turn < 0);
      return { state: { state: next.state, judgment }, reward: next.reward, discount };
    };
    const root: Place = {
      state: imagination.states[i],
      judgment: { ...likelyActions(probabilitiesOf(thought)), value: thought.values.at(-1)! },
    };
    const judge = async ({ judgment }: Place) => judgment;
    const found = await gumbelSearch(
      root,
      { judge, step },
      {
        ...{ simulations, considered, leastRange: leastTrusted(trust) },
        ...{ late: () => performance.now() >= deadline },
        noise: greedy ? undefined : () => -Math.log(draws.exponential()),
      },
    );
    return {
      ...withToken(thought, found.action, distribution),
      improved: improvedBy(found, distribution),
      spent: { thoughts: 1, ponderSteps: thought.ponderSteps + imagined },
    };
  }
}
