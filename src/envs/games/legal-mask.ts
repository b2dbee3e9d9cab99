import type { Discrete } from '../spaces/discrete.ts';

/** Legal actions as a mask of their space: 1 for each that is legal, else 0 [n]. */
export function legalMask({ n, start }: Discrete, legalActions: readonly number[]): number[] {
  const mask: number[] = Array(n).fill(0);
  for (const action of legalActions) mask[action - start] = 1;
  return mask;
}
