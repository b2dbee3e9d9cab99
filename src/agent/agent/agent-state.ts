import { RunningStats, type RunningStatsState } from '../../envs/common/index.ts';
import type { AnySpace, Space, SpaceJson } from '../../envs/index.ts';
import { spaceFromJson, stacked } from '../../envs/spaces/index.ts';
import { pictureOf } from '../../policy/index.ts';
import { UsageError } from '../common/errors.ts';

/** The part of a checkpoint that belongs to the agent, beside its weights. */
export interface AgentState {
  /** Reward subtracted per ponder step beyond `minSteps`. */
  price: number;
  /** The factor of the rewards in the update that made the weights; default 1. */
  valueScale?: number;
  /** Statistics of the observations, where the config normalizes them. */
  normalizer?: RunningStatsState;
  /** The agent's observation space and action space. */
  spaces?: {
    observationSpace: SpaceJson;
    actionSpace: SpaceJson;
    /** The space of a frame, where `env.frameStack` stacks observations. */
    frame?: SpaceJson;
  };
}

/** The spaces that a state holds. @param count frames in an observation (`env.frameStack`) */
export function savedSpaces(
  { observationSpace, actionSpace, frame }: NonNullable<AgentState['spaces']>,
  count: number,
): { observationSpace: Space; actionSpace: Space } {
  return {
    observationSpace: frame
      ? stacked(spaceFromJson(frame), count, false).space
      : spaceFromJson(observationSpace),
    actionSpace: spaceFromJson(actionSpace),
  };
}

/** Statistics of observations, for a Box only: numbers that name something have no mean. */
export function observationStats(space: Space): RunningStats {
  const known = space as AnySpace;
  if (known.type !== 'box') {
    throw new UsageError(
      `normalize.obs: expected a Box observation space, got a space of type ${known.type}`,
    );
  }
  if (known.as === 'set') {
    throw new UsageError(
      'normalize.obs: expected a Box that is no set, got one: its rows of zeros are padding; scale the numbers in the environment',
    );
  }
  if (pictureOf(known) && known.high.every(Number.isFinite)) {
    throw new UsageError(
      'normalize.obs: expected a Box that is no picture, got one: its numbers are divided by the highest of the space already; leave normalize.obs out',
    );
  }
  return new RunningStats(known.size);
}
