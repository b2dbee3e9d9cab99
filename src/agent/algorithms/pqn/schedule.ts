import { between } from '../between.ts';
import type { PqnSettings } from './settings.ts';

/** The settings that change during training. */
export type Schedule = {
  /** Adam's step size: linear in the share of training that is done. */
  learningRate: number;
  /** Share of actions drawn uniformly: linear over `epsilonDecay` of training, then constant. */
  epsilon: number;
};

/** @param progress share of training that is done; larger values count as 1 */
export function scheduleAt(settings: PqnSettings, progress: number): Schedule {
  const { learningRate, finalLearningRate, epsilon, finalEpsilon, epsilonDecay } = settings;
  const fallen = epsilonDecay === 0 ? 1 : Math.min(1, progress) / epsilonDecay;
  return {
    learningRate: between(learningRate, finalLearningRate, progress),
    epsilon: between(epsilon, finalEpsilon, fallen),
  };
}
