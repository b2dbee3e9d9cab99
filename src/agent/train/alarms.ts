import type { Alarm, Evaluation } from '../events/events.ts';

/** Share of decisions at one depth that counts as a collapse. */
const SHARE = 0.95;

/** A gain is at least this share of the return. */
const WORTH = 0.05;

/** A gain is at least this many standard errors: less is chance. */
const ERRORS = 3;

/** Forced episodes at each depth below which returns say nothing of a gain. */
const EPISODES = 16;

/**
 * Whether the halting head has collapsed, and whether that costs anything: thinking no longer than
 * must be is right where more thought would not help, so it is an alarm only where it is known that it would.
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
  if (histogram[minSteps - 1] > SHARE * total) {
    const shallow = forcedDepth.find(({ steps }) => steps === minSteps);
    const deep = forcedDepth.find(({ steps }) => steps === maxSteps);
    if (!shallow || !deep || !gains(shallow, deep)) return undefined;
    return {
      alarm: 'collapsed-to-min',
      message:
        `nearly all decisions take ${minSteps} ponder step(s), though forced to ${maxSteps} ` +
        `the return is higher (${show(shallow.return)} → ${show(deep.return)}) by more than ` +
        `${ERRORS} standard errors: release later ` +
        '(recipe.releaseReturn, recipe.minUpdates), lower price.initial or raise recipe.forcedShare',
    };
  }
  if (histogram[maxSteps - 1] > SHARE * total && !steering) {
    return {
      alarm: 'collapsed-to-max',
      message:
        `nearly all decisions take all ${maxSteps} ponder steps (mean ${show(ponderSteps.mean)} in ` +
        'evaluation): raise recipe.forcedShare or price.initial, or set price.targetSteps',
    };
  }
  return undefined;
}

type Forced = Evaluation['forcedDepth'][number];

/** Whether `deep` is known to earn more than `shallow`, and enough more to matter. */
function gains(shallow: Forced, deep: Forced): boolean {
  if (Math.min(shallow.episodes, deep.episodes) < EPISODES) return false;
  const gain = deep.return - shallow.return;
  const error = Math.sqrt(varianceOfMean(shallow) + varianceOfMean(deep));
  return gain > ERRORS * error && gain > WORTH * Math.abs(deep.return);
}

const varianceOfMean = ({ std, episodes }: Forced): number => std ** 2 / (episodes - 1);

const show = (value: number): string => value.toFixed(2);

/** Evaluations without it after which an alarm is over: one that comes and goes is one. */
const CALM = 3;

/** Found for the first time, which may be chance. */
const SUSPECTED = -1;

/**
 * Whether a collapse is to be told: once, where it was found at two evaluations in a row.
 * @param alarmed what came of the evaluation before; 0 at first
 */
export function persistence(alarmed: number, found: boolean): { tell: boolean; alarmed: number } {
  if (!found) return { tell: false, alarmed: Math.max(0, alarmed - 1) };
  if (alarmed === 0) return { tell: false, alarmed: SUSPECTED };
  return { tell: alarmed === SUSPECTED, alarmed: CALM };
}
