import type { Transition } from '../../rollout/index.ts';

/** Weight of a rollout in the running means. */
const SHARE = 0.1;
/** The most episodes of a rollout that have to make a difference for the policy to learn from rewards alone. */
const ENOUGH = 4;

/** An episode under way. */
interface Seen {
  /** Its first reward; null where it has none yet. */
  reward: number | null;
  /** Whether it is counted. */
  counted: boolean;
}

/** The state of `Sparsity` as plain JSON. */
export interface SparsityState {
  /** Episodes of a rollout, and those that made a difference: of the present one, and running means. */
  now: Count;
  mean: Count;
  rollouts: number;
  /** Whether a reward below 0 has come. */
  costs: boolean;
  underWay: Seen[];
}

interface Count {
  episodes: number;
  different: number;
}

type Step = Pick<Transition, 'env' | 'reward' | 'terminated' | 'truncated' | 'lost'>;

/**
 * How sparse rewards are, from the number of episodes in which what was done made a difference. In the others each reward was 0
 * and none was ever below, or each was the same cost and a limit cut the episode off.
 */
export class Sparsity {
  #now: Count = { episodes: 0, different: 0 };
  #mean: Count = { episodes: 0, different: 0 };
  #rollouts = 0;
  #costs = false;
  readonly #underWay: Seen[]; // [N]

  constructor(envs: number) {
    this.#underWay = Array.from({ length: envs }, begun);
  }

  observe(steps: readonly Step[]): void {
    for (const { env, reward, terminated, truncated, lost } of steps) {
      if (lost !== undefined) {
        this.#underWay[env] = begun();
        continue;
      }
      this.#costs ||= reward < 0;
      const seen = this.#underWay[env];
      seen.reward ??= reward;
      const nothing = reward === 0 ? !this.#costs : reward < 0 && !terminated;
      // As soon as it is known, since an episode may be longer than many rollouts.
      if (!nothing || reward !== seen.reward) this.#count(seen, 1);
      if (!terminated && !truncated) continue;
      this.#count(seen, 0);
      this.#underWay[env] = begun();
    }
  }

  /** Ends a rollout. */
  close(): void {
    const share = Math.max(SHARE, 1 / ++this.#rollouts);
    for (const key of ['episodes', 'different'] as const) {
      this.#mean[key] += share * (this.#now[key] - this.#mean[key]);
    }
    this.#now = { episodes: 0, different: 0 };
  }

  /**
   * In [0, 1], of the rollouts that have ended: 1 where no episode made a difference; it falls linearly, to 0 where half of them
   * or four a rollout did, in running means.
   */
  get degree(): number {
    const { episodes, different } = this.#mean;
    return different === 0 ? 1 : Math.max(0, 1 - different / Math.min(ENOUGH, episodes / 2));
  }

  state(): SparsityState {
    return structuredClone({
      ...{ now: this.#now, mean: this.#mean, rollouts: this.#rollouts, costs: this.#costs },
      underWay: this.#underWay,
    });
  }

  restore(state: SparsityState): void {
    const { now, mean, rollouts, costs, underWay } = structuredClone(state);
    this.#now = now;
    this.#mean = mean;
    this.#rollouts = rollouts;
    this.#costs = costs;
    this.#underWay.forEach((_, env) => {
      this.#underWay[env] = underWay[env] ?? begun();
    });
  }

  #count(seen: Seen, different: number): void {
    if (seen.counted) return;
    seen.counted = true;
    this.#now.episodes++;
    this.#now.different += different;
  }
}

const begun = (): Seen => ({ reward: null, counted: false });
