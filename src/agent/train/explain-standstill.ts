import { significant } from '../common/numbers.ts';

/** What a run has seen of its learning, late figures being running means. */
export interface LearningSeen {
  /** Whether a reward other than 0 has come. */
  rewarded: boolean;
  /** Mean return of the first updates. */
  before: number;
  /** Mean return of late. */
  now: number;
  /** The lowest and the highest mean return of an update; null where no episode has ended. */
  range: [least: number, most: number] | null;
  /** Share of decisions that had one allowed action. */
  onlyChoice: number;
  /** Entropy of actions as a share of that in the first update; null where it is unknown. */
  entropyLeft: number | null;
  /** Explained variance of the values; null where the algorithm does not have it. */
  explained: number | null;
}

/** Share of decisions without a choice above which there is nothing to learn from. */
const FORCED = 0.95;
/** Share of its first entropy below which a policy no longer explores. */
const SPENT = 0.05;
/** Explained variance below which values say next to nothing. */
const UNEXPLAINED = 0.1;

/** What to do where rewards tell no action from another. */
const MORE_REWARDS =
  'Reward steps on the way, begin episodes nearer to the goal (a hook can), or raise ppo.entropy';

/** Says the most likely reason why a return does not rise, and what to do: the first of a list that applies. */
export function explainStandstill(seen: LearningSeen): string {
  const { rewarded, before, now, range, onlyChoice, entropyLeft, explained } = seen;
  const stands = `the return has not risen since training began (${significant(before)} → ${significant(now)})`;
  const because = (reason: string, remedy: string) => `${stands}: ${reason}. ${remedy}`;
  if (range === null) {
    return 'no episode has ended yet, so that no return is known. Truncate episodes with env.maxEpisodeSteps';
  }
  if (!rewarded) {
    return because(
      'every reward so far was 0, since random actions do not reach one',
      MORE_REWARDS,
    );
  }
  if (range[0] === range[1]) {
    return because(
      'every episode so far had the same return, so that no way to act has shown itself as better',
      MORE_REWARDS,
    );
  }
  if (onlyChoice > FORCED) {
    return because(
      `${percent(onlyChoice)} of decisions had one allowed action`,
      'Check the masks of the environment',
    );
  }
  if (entropyLeft !== null && entropyLeft < SPENT) {
    return because(
      `actions are no longer explored: their entropy is ${percent(entropyLeft)} of what it was`,
      'Raise ppo.entropy, or lower ppo.learningRate',
    );
  }
  if (explained !== null && explained < UNEXPLAINED) {
    return because(
      `values explain ${percent(explained)} of what returns differ by`,
      'Observations may lack what rewards depend on (env.frameStack adds the observations before), or be unscaled (normalize.obs); returns may reach further than ppo.gamma',
    );
  }
  return because(
    'no single reason stands out',
    'Train longer (train.totalSteps), try another ppo.learningRate, and check the environment with pondera check-env',
  );
}

/** Says that the most likely actions earn less than drawn ones, and what to do. @param drawn mean return of training */
export function explainArgmax(drawn: number, likely: number): string {
  return (
    `the most likely actions earn less in evaluation (${significant(likely)}) than drawn ones do in training (${significant(drawn)}): ` +
    'the policy needs its chance, or is not trained enough. Draw actions with evaluation.deterministic: false, or train longer'
  );
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
