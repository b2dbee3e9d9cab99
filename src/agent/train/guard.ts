import type { Trajectory } from '../../rollout/index.ts';
import type { UpdateSettings } from '../algorithms/index.ts';
import { learnedReward, type RewardFactors } from '../algorithms/learned-reward.ts';
import type { Config } from '../config/config.ts';
import type { UpdateStats } from '../events/events.ts';
import type { Learned } from './incident.ts';

/** The state of a `Guard` as plain JSON. */
export interface GuardState {
  gradNorm: number | null;
  valueLoss: number | null;
}

type Limits = Pick<Config['guards'], 'maxKl' | 'maxJump'>;

/** Weight of an update in the running means. */
const SHARE = 0.1;

/**
 * Decides whether an update must be undone: its numbers are not finite, it moved the policy too far (`kl`, `haltKl`), or
 * it is far from earlier updates (`gradNorm`, `valueLoss`). An algorithm need not have all these statistics.
 */
export class Guard {
  readonly #limits: Limits;
  #gradNorm: number | null = null;
  #valueLoss: number | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Says why an update must be undone; undefined where it may stand.
   * @param scale the size that net returns can have (`returnScale`)
   */
  judge(stats: UpdateStats, scale: number): string | undefined {
    const refused = this.#explain(stats, scale);
    if (refused !== undefined) return refused;
    this.#gradNorm = mixed(this.#gradNorm, stats.gradNorm);
    this.#valueLoss = mixed(this.#valueLoss, stats.valueLoss);
    return undefined;
  }

  state(): GuardState {
    return { gradNorm: this.#gradNorm, valueLoss: this.#valueLoss };
  }

  restore({ gradNorm, valueLoss }: GuardState): void {
    this.#gradNorm = gradNorm;
    this.#valueLoss = valueLoss;
  }

  #explain(stats: UpdateStats, scale: number): string | undefined {
    for (const [name, value] of Object.entries(stats)) {
      if (value !== null && !Number.isFinite(value)) {
        return `${name}: expected a finite number, got ${value}`;
      }
    }
    const { maxKl, maxJump } = this.#limits;
    for (const name of ['kl', 'haltKl']) {
      const moved = stats[name] ?? 0;
      if (moved > maxKl) return `${name}: expected at most ${maxKl}, got ${moved}`;
    }
    // A loss that rewards and the price explain is no jump, even after a calm time: a perfect policy fails once, the
    // first reward comes, or the halting head is released and ponder steps begin to cost.
    return (
      explainJump('gradNorm', stats.gradNorm, this.#gradNorm, scale, maxJump) ??
      explainJump('valueLoss', stats.valueLoss, this.#valueLoss, scale ** 2, maxJump)
    );
  }
}

function mixed(mean: number | null, value: number | null | undefined): number | null {
  if (value == null) return mean;
  return mean === null ? value : mean + SHARE * (value - mean);
}

function explainJump(
  name: string,
  value: number | null | undefined,
  mean: number | null,
  usual: number,
  most: number,
): string | undefined {
  if (mean === null || value == null || value <= most * Math.max(mean, usual)) return undefined;
  return `${name}: expected at most ${most} times its running mean (${mean}) or the size that rewards and the price explain (${usual}), got ${value}`;
}

/**
 * The size that net returns can have, in the learner's unit: the root mean square over decisions of
 * |reward| + price · (ponder steps beyond minSteps), at least 0.001, scaled as in learning, times the horizon of the
 * discount.
 */
export function returnScale(
  trajectory: Pick<Trajectory, 'count' | 'rewards' | 'bonuses' | 'ponderSteps'>,
  settings: Pick<UpdateSettings, 'price'> & RewardFactors,
  { gamma, minSteps }: { gamma: number; minSteps: number },
): number {
  const { count, ponderSteps } = trajectory;
  const price = settings.price * settings.rewardScale;
  let sum = 0;
  for (let t = 0; t < count; t++) {
    const reward = Math.abs(learnedReward(trajectory, t, settings));
    sum += (reward + price * Math.max(0, ponderSteps[t] - minSteps)) ** 2 / count;
  }
  const most = Math.sqrt(sum) * Math.min(count, 1 / (1 - gamma));
  return Math.max(1e-3 * settings.rewardScale, most);
}

/** Names the weights or the tensors of the algorithm that are not finite; undefined where all are. */
export function explainLearned({ weights, tensors }: Learned): string | undefined {
  for (const [name, { data }] of Object.entries({ ...weights, ...tensors })) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      return `weights: expected finite numbers, got ${data[at]} at entry ${at} of ${name}`;
  }
  return undefined;
}
