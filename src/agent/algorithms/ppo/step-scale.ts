import type { Space } from '../../../envs/index.ts';
import { partsOf } from '../../../envs/spaces/index.ts';
import { TERMINATED, type Trajectory } from '../../../rollout/index.ts';

/** The ratio of the scales of two updates that follow one another. */
const CHANGE = 1.1;

/**
 * The factor on Adam's step size by which updates keep to the bound on their KL (`ppo.targetKl`). Where the bound ends an
 * update before its last pass, the next takes smaller steps; else larger ones, up to those of the schedule. So a task
 * that bears small steps alone gets those, and makes many passes instead of one. Where no episode has ever terminated, there is no balance
 * that a step too far upsets, and large ones learn sooner (docs/learning.md has both figures). RSL-RL's adaptive schedule
 * (https://arxiv.org/abs/2109.11978) follows the KL of each minibatch instead.
 */
export class StepScale {
  #value: number;
  #terminates: boolean;

  /** @param counters of a checkpoint; without them, the first update takes the steps of the schedule */
  constructor({ stepScale = 1, terminates = 0 }: Partial<Record<string, number>> = {}) {
    this.#value = stepScale;
    this.#terminates = terminates === 1;
  }

  /** In (0, 1]. */
  get value(): number {
    return this.#value;
  }

  /** Takes in an update by a rollout. @param whole whether it made all its passes */
  follow({ ended, count }: Pick<Trajectory, 'ended' | 'count'>, whole: boolean): void {
    this.#terminates ||= ended.subarray(0, count).includes(TERMINATED);
    const less = this.#terminates && !whole;
    this.#value = less ? this.#value / CHANGE : Math.min(1, this.#value * CHANGE);
  }

  counters(): Record<string, number> {
    return { stepScale: this.#value, terminates: Number(this.#terminates) };
  }
}

/**
 * Whether a run adapts its steps where the config leaves it open: where all actions are numbers. The KL of a Gaussian whose mean moves grows as
 * its deviation falls, so the steps that suit the first updates become too large.
 */
export function adaptsSteps(actionSpace: Space): boolean {
  return partsOf(actionSpace).every(({ space }) => space.type === 'box');
}
