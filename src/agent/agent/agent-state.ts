import { MemberStats, RunningStats, type RunningStatsState } from '../../envs/common/index.ts';
import type { AnySpace, Box, DType, Space, SpaceJson } from '../../envs/index.ts';
import { spaceFromJson, stacked } from '../../envs/spaces/index.ts';
import { pictureOf, readingOf } from '../../policy/index.ts';
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

/**
 * Statistics of observations, for a Box only, or one of each member: numbers that name something have no mean. The members of a
 * set, of a Sequence and the nodes of a Graph share theirs.
 * @throws UsageError for another space
 */
export function observationStats(space: Space): RunningStats {
  const known = space as AnySpace;
  if (known.type === 'sequence' || known.type === 'graph') {
    // A row of a Graph begins with its nodes, as a Sequence.
    const [member, most] =
      known.type === 'graph' ? [known.nodes, known.maxNodes] : [known.space, known.maxLength];
    checkNumbers(member, ` in a space of type ${known.type}`);
    return new MemberStats({ at: 1, most, size: member.size, lengthAt: 0 });
  }
  const box = checkNumbers(space, '');
  if (readingOf(box) !== 'set') return new RunningStats(box.size);
  const [most] = box.shape;
  return new MemberStats({ at: 0, most, size: box.size / most });
}

/** @throws UsageError unless the space is a Box of numbers that nothing has scaled yet */
function checkNumbers(space: Space, where: string): Box<DType> {
  const known = space as AnySpace;
  if (known.type !== 'box') {
    throw new UsageError(
      `normalize.obs: expected a Box observation space, got a space of type ${known.type}${where}`,
    );
  }
  if (pictureOf(known) && known.high.every(Number.isFinite)) {
    throw new UsageError(
      'normalize.obs: expected a Box that is no picture, got one: its numbers are divided by the highest of the space already; leave normalize.obs out',
    );
  }
  return known;
}
