import type { Alarm, Evaluation } from './events.ts';

/** Share of decisions at one depth that counts as a collapse. */
const SHARE = 0.95;

/**
 * Whether the halting head has collapsed, and whether that costs anything: thinking no longer than
 * must be is right where more thought would not help, so it is an alarm only where it would.
 *
 * @param histogram unforced decisions by ponder steps, index i = i + 1 steps
 * @param steering the price may still rise, so that too much thought is being dealt with
 */
export function collapse(
  histogram: readonly number[],
  minSteps: number,
  { forcedDepth, ponderSteps }: Evaluation,
  steering = false,
): { alarm: Alarm; message: string } | undefined {
  const total = histogram.reduce((a, b) => a + b, 0);
  const maxSteps = histogram.length;
  if (total === 0 || minSteps === maxSteps) return undefined;
  const shallow = forcedDepth.find(({ steps }) => steps === minSteps);
  const deep = forcedDepth.find(({ steps }) => steps === maxSteps);
  const gain = shallow && deep ? deep.return - shallow.return : undefined;
  const worth = gain === undefined ? true : gain > 0.05 * Math.abs(deep!.return);
  if (histogram[minSteps - 1] > SHARE * total && worth) {
    return {
      alarm: 'collapsed-to-min',
      message:
        `nearly all decisions take ${minSteps} ponder step(s), though forced to ${maxSteps} ` +
        `the return is higher (${show(shallow?.return)} → ${show(deep?.return)}): release later ` +
        '(recipe.releaseReturn, recipe.minUpdates), lower price.initial or raise recipe.forced',
    };
  }
  if (histogram[maxSteps - 1] > SHARE * total && !steering) {
    return {
      alarm: 'collapsed-to-max',
      message:
        `nearly all decisions take all ${maxSteps} ponder steps (mean ${show(ponderSteps.mean)} in ` +
        'evaluation): raise recipe.forced or price.initial, or set price.targetSteps',
    };
  }
  return undefined;
}

const show = (value: number | undefined): string => value?.toFixed(2) ?? 'unknown';
