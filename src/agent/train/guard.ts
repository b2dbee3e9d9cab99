import type { Trajectory } from '../../rollout/index.ts';
import type { UpdateSettings } from '../algorithms/index.ts';
import type { Config } from '../config/config.ts';
import type { UpdateStats } from '../events/events.ts';
import type { Learned } from './incident.ts';

/** Where it has come to, as plain JSON. */
export interface GuardState {
  gradNorm: number | null;
  valueLoss: number | null;
}

type Limits = Pick<Config['guards'], 'maxKl' | 'maxJump'>;

/** Weight of an update in the running means that the next is held against. */
const SHARE = 0.1;

/**
 * Judges updates: one whose numbers are not finite, that moved the policy too far (`kl`, `haltKl`) or that is far out of
 * what updates have been (`gradNorm`, `valueLoss`) is to be undone. Of these statistics an algorithm may lack some.
 */
export class Guard {
  readonly #limits: Limits;
  #gradNorm: number | null = null;
  #valueLoss: number | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Why an update must not stand, or undefined where it may.
   * @param reach how large net returns can be, by what it learned from (`returnReach`)
   */
  judge(stats: UpdateStats, reach: number): string | undefined {
    const refused = this.#explain(stats, reach);
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

  #explain(stats: UpdateStats, reach: number): string | undefined {
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
    // What rewards and the price are good for is no jump, however still it was before: a perfect policy fails once,
    // a first reward is found, or the halting head is released and thinking begins to cost.
    return (
      explainJump('gradNorm', stats.gradNorm, this.#gradNorm, reach, maxJump) ??
      explainJump('valueLoss', stats.valueLoss, this.#valueLoss, reach ** 2, maxJump)
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
  return `${name}: expected at most ${most} times its running mean ${mean} or what rewards and the price account for ${usual}, got ${value}`;
}

/**
 * How large net returns can be, in the learner's unit: the root mean square of what each decision earns and costs
 * (|reward| + price · ponder steps beyond minSteps), scaled as it is learned from, over the horizon of the discount;
 * 1e-3 at least before it is scaled.
 */
export function returnReach(
  { count, rewards, ponderSteps }: Pick<Trajectory, 'count' | 'rewards' | 'ponderSteps'>,
  { price, rewardScale }: Pick<UpdateSettings, 'price' | 'rewardScale'>,
  { gamma, minSteps }: { gamma: number; minSteps: number },
): number {
  let sum = 0;
  for (let t = 0; t < count; t++) {
    const size = Math.abs(rewards[t]) + price * Math.max(0, ponderSteps[t] - minSteps);
    sum += size ** 2 / count;
  }
  return rewardScale * Math.max(1e-3, Math.sqrt(sum) * Math.min(count, 1 / (1 - gamma)));
}

/** Why weights or what the algorithm holds are none to go on with: which are not finite. */
export function explainLearned({ weights, tensors }: Learned): string | undefined {
  for (const [name, { data }] of Object.entries({ ...weights, ...tensors })) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      return `weights: expected finite numbers, got ${data[at]} at entry ${at} of ${name}`;
  }
  return undefined;
}
