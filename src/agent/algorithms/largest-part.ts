import type { GradientStep } from './algorithm.ts';

/**
 * The largest gradient step of an algorithm that cuts a rollout into equal parts of about `minibatch` decisions.
 * @param envs number of environments: a rollout may hold one decision of each beyond its `decisions`
 */
export function largestPart(
  { decisions, minibatch, epochs }: { decisions: number; minibatch: number; epochs: number },
  envs: number,
): GradientStep {
  const sizes = Array.from({ length: envs }, (_, over) => {
    const count = decisions + over;
    return Math.ceil(count / Math.max(1, Math.round(count / minibatch)));
  });
  return { decisions: sizes.reduce((a, b) => Math.max(a, b)), epochs };
}
