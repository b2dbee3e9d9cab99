import { between } from '../between.ts';
import type { PpoSettings } from './settings.ts';

/** The settings that change during training, linearly in the share of it that is done. */
export type Schedule = {
  /** Adam's step size. */
  learningRate: number;
  /** Weight of the action entropy. */
  entropy: number;
};

/** @param progress share of training that is done; larger values count as 1 */
export function scheduleAt(
  { learningRate, finalLearningRate, entropy, finalEntropy = entropy }: PpoSettings,
  progress: number,
): Schedule {
  return {
    learningRate: between(learningRate, finalLearningRate, progress),
    entropy: between(entropy, finalEntropy, progress),
  };
}
