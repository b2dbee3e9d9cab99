import { TERMINATED, type Trajectory } from '../../../rollout/index.ts';
import { moments } from '../moments.ts';

/** What the advantages of actions hang on: the arrays of a rollout, with the rewards that are learned from. */
type Decisions = Pick<
  Trajectory,
  'count' | 'offset' | 'ponderSteps' | 'forced' | 'rewards' | 'ended'
>;

/**
 * The advantages of the actions, centered within each group: the unforced decisions, and those forced to each depth. A forced depth lowers the
 * advantage of every action at it; since chance draws the depth, the group's mean is an unbiased baseline.
 * They are scaled to a deviation of 1, or less where nothing differed.
 * @param all the advantage of each micro-step [M]
 * @param returnDeviation as of `UpdateSettings`
 * @returns [T]
 */
export function actAdvantages(
  decisions: Decisions,
  all: Float32Array,
  returnDeviation: number,
): Float32Array {
  const { count, offset, ponderSteps, forced } = decisions;
  const acts = Float32Array.from({ length: count }, (_, t) => all[offset[t] + ponderSteps[t] - 1]);
  const groups = new Map<number, number[]>();
  for (let t = 0; t < count; t++) {
    const depth = forced[t] ? ponderSteps[t] : 0;
    const group = groups.get(depth);
    if (group) group.push(t);
    else groups.set(depth, [t]);
  }
  let squares = 0;
  for (const group of groups.values()) {
    const { mean, variance } = moments(group.map((t) => acts[t]));
    for (const t of group) acts[t] -= mean;
    squares += variance * group.length;
  }
  const least = leastDeviation(decisions, returnDeviation);
  const deviation = Math.max(Math.sqrt(squares / count), least, 1e-8);
  return acts.map((act) => act / deviation);
}

/**
 * The least deviation by which advantages of actions are scaled: 0 where the rollout tells actions apart, else that of
 * returns. Where nothing differed (no reward was found yet, or the task is solved), advantages are the errors of values
 * alone. Scaled to a deviation of 1, they moved the policy to a corner, from which it found nothing, or away from what it
 * had learned (docs/learning.md). Before the first reward, the deviation of returns counts as 1.
 */
function leastDeviation(decisions: Decisions, returnDeviation: number): number {
  return tellsApart(decisions) ? 0 : returnDeviation || 1;
}

/** Whether rewards differ (bonuses for what is new among them), or an episode terminated while each reward was the same and not 0: it lost or saved the rest. */
function tellsApart({ count, rewards, ended }: Decisions): boolean {
  const [first] = rewards;
  for (let t = 0; t < count; t++) {
    if (rewards[t] !== first || (first !== 0 && ended[t] === TERMINATED)) return true;
  }
  return false;
}
