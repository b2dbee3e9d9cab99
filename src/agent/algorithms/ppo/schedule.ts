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
  const towards = (from: number, to: number) => from + (to - from) * Math.min(1, progress);
  return {
    learningRate: towards(learningRate, finalLearningRate),
    entropy: towards(entropy, finalEntropy),
  };
}
