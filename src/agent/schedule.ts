import type { Config } from './config.ts';
import { whole } from './numbers.ts';

/** What changes as training goes on: linear in the share of its steps that are done. */
export interface Schedule {
  learningRate: number;
  /** Weight of the action entropy. */
  entropy: number;
}

/** Of an update that begins after `steps` of `totalSteps`. */
export function scheduleAt(ppo: Config['ppo'], steps: number, totalSteps: number): Schedule {
  const progress = Math.min(1, steps / totalSteps);
  const towards = (from: number, to: number) => from + (to - from) * progress;
  return {
    learningRate: towards(ppo.learningRate, ppo.finalLearningRate),
    entropy: towards(ppo.entropy, ppo.finalEntropy ?? ppo.entropy),
  };
}

/** What becomes of the schedule where a run of another length goes on after `steps`; undefined where nothing does. */
export function explainLength(
  { ppo, train: { totalSteps } }: Config,
  steps: number,
  before = totalSteps,
): string | undefined {
  const [was, is] = [scheduleAt(ppo, steps, before), scheduleAt(ppo, steps, totalSteps)];
  const names = (['learningRate', 'entropy'] as const).filter((name) => was[name] !== is[name]);
  if (names.length === 0) return undefined;
  const changes = names.map((name) => `${name} ${show(was[name])} → ${show(is[name])}`);
  return (
    `train.totalSteps: ${whole(before)} → ${whole(totalSteps)}, so that the schedule goes on elsewhere: ` +
    `${changes.join(', ')} from this step on`
  );
}

const show = (value: number): string => String(Number(value.toPrecision(3)));
