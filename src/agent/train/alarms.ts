import type { Alarm, Evaluation } from '../events/events.ts';

/** Share of decisions at one depth that counts as a collapse. */
const SHARE = 0.95;

/** The least gain that matters, as a share of the return. */
const WORTH = 0.05;

/** The least gain that is no chance, in standard errors. */
const ERRORS = 3;

/** The fewest forced episodes at a depth for its return to count. */
const EPISODES = 16;

/**
 * Whether the halting head has collapsed, and at a cost. Short thoughts are right where more thought does not help, so a
 * collapse to few ponder steps is an alarm only where forced depths show that more would help.
 *
 * @param histogram counts of unforced decisions; index i is i + 1 ponder steps
 * @param steering whether the price may still rise, which itself corrects too much thought
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
    const shallow = forcedDepth.find((row) => row.ponderSteps === minSteps);
    const deep = forcedDepth.find((row) => row.ponderSteps === maxSteps);
    if (!shallow || !deep || !gains(shallow, deep)) return undefined;
    return {
      alarm: 'collapsed-to-min',
      message:
        `the halting head has collapsed: over 95 % of decisions take ${minSteps} ponder step(s), although forcing ${maxSteps} ` +
        `raises the return (${show(shallow.return)} → ${show(deep.return)}) by more than ` +
        `${ERRORS} standard errors. Release it later ` +
        '(recipe.releaseReturn, recipe.minUpdates), lower price.initial or raise recipe.forcedShare',
    };
  }
  if (histogram[maxSteps - 1] > SHARE * total && !steering) {
    return {
      alarm: 'collapsed-to-max',
      message:
        `the halting head has collapsed: over 95 % of decisions take all ${maxSteps} ponder steps (mean ${show(ponderSteps.mean)} in ` +
        'evaluation). Raise recipe.forcedShare or price.initial, or set price.targetSteps',
    };
  }
  return undefined;
}

type Forced = Evaluation['forcedDepth'][number];

/** Whether `deep` earns more than `shallow`, beyond chance and enough to matter. */
function gains(shallow: Forced, deep: Forced): boolean {
  if (Math.min(shallow.episodes, deep.episodes) < EPISODES) return false;
  const gain = deep.return - shallow.return;
  const error = Math.sqrt(varianceOfMean(shallow) + varianceOfMean(deep));
  return gain > ERRORS * error && gain > WORTH * Math.abs(deep.return);
}

const varianceOfMean = ({ std, episodes }: Forced): number => std ** 2 / (episodes - 1);

const show = (value: number): string => value.toFixed(2);

/** Evaluations without a collapse that end an alarm; after fewer, the next collapse is the same alarm. */
const CALM = 3;

/** Found once, which may be chance. */
const SUSPECTED = -1;

/**
 * Whether to raise an alarm: once, after two evaluations in a row with a collapse.
 * @param alarmed the state after the evaluation before; 0 at first
 */
export function persistence(alarmed: number, found: boolean): { report: boolean; alarmed: number } {
  if (!found) return { report: false, alarmed: Math.max(0, alarmed - 1) };
  if (alarmed === 0) return { report: false, alarmed: SUSPECTED };
  return { report: alarmed === SUSPECTED, alarmed: CALM };
}
