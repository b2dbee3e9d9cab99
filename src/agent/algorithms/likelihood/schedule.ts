import type { LikelihoodSettings } from './settings.ts';

/** Adam's step size: from the first to the last by half a cosine (Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5). */
export function scheduleAt(
  { learningRate, finalLearningRate }: LikelihoodSettings,
  progress: number,
): { learningRate: number } {
  const left = (1 + Math.cos(Math.PI * Math.min(1, progress))) / 2;
  return { learningRate: finalLearningRate + (learningRate - finalLearningRate) * left };
}
