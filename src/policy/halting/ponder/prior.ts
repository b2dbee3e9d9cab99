import type { CommonSettings } from '../definition.ts';

/** The settings of the rule `ponder`. */
export interface PonderSettings extends CommonSettings {
  prior: 'geometric' | 'uniform';
  priorHalt: number;
  priorWeight: number;
}

/** ln prior of the depths of 1, 2, … maxSteps steps [K]; −∞ below minSteps. */
export function logPrior(
  { prior, priorHalt }: Pick<PonderSettings, 'prior' | 'priorHalt'>,
  { minSteps, maxSteps }: { minSteps: number; maxSteps: number },
): Float64Array {
  const depths = maxSteps - minSteps + 1;
  return Float64Array.from({ length: maxSteps }, (_, index) => {
    const thinks = index - (minSteps - 1);
    if (thinks < 0) return -Infinity;
    if (prior === 'uniform') return -Math.log(depths);
    // The last depth has the remainder, as in p.
    const acts = index === maxSteps - 1 ? 0 : Math.log(priorHalt);
    return acts + thinks * Math.log(1 - priorHalt);
  });
}
