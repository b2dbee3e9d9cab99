import type { ActionPart, AnySpace, Space } from '../../envs/index.ts';
import { partsOf } from '../../envs/spaces/index.ts';
import { explainBounds, explainText } from '../distributions/index.ts';

/**
 * A reason why a policy does not fit the spaces of an environment.
 * @internal
 */
export interface SpaceProblem {
  /** The place, the expected and the present value. */
  found: string;
  /** The remedy. */
  fix: string;
}

interface Spaces {
  observationSpace: Space;
  actionSpace: Space;
}

/** The types of the spaces that a part of an action is chosen from. */
const CHOSEN: readonly string[] = ['box', 'discrete', 'multi-discrete', 'multi-binary', 'text'];
const LEAVES = 'Box, Discrete, MultiDiscrete, MultiBinary or Text';
const ACTIONS = `${LEAVES}, or a Dict or Tuple of them`;
const OBSERVATIONS =
  'Box, Discrete, MultiDiscrete, MultiBinary, Text, or a Dict, Tuple, Sequence or Graph of them';

/**
 * Says why there is no action distribution for these spaces; undefined where there is one.
 * @internal
 */
export function explainActions({
  actionSpace,
}: Pick<Spaces, 'actionSpace'>): SpaceProblem | undefined {
  const parts = partsOf(actionSpace);
  if (parts.length === 0) {
    return {
      found: `actionSpace: expected at least one part, got an empty ${nameOf(actionSpace)}`,
      fix: 'add a part, such as a Discrete space of one value',
    };
  }
  const other = parts.find(({ space }) => !CHOSEN.includes(space.type));
  if (other !== undefined) {
    return {
      found: `${whereOf(other)}: expected ${other.name ? LEAVES : ACTIONS}, got a ${nameOf(other.space)}`,
      fix: 'offer a fixed number of parts, as a Tuple',
    };
  }
  for (const part of parts) {
    const space = part.space as AnySpace;
    const found = space.type === 'text' ? explainText(space) : undefined;
    if (found === undefined) continue;
    return {
      found: `${whereOf(part)}: ${found}`,
      fix: 'lower maxLength, take a text in several actions, or offer the texts as choices of a Discrete space',
    };
  }
  return undefined;
}

function whereOf({ name }: ActionPart): string {
  return name === '' ? 'actionSpace' : `actionSpace.${name}`;
}

/**
 * Says why there is no built-in encoder for these spaces; undefined where there is one.
 * @internal
 */
export function explainObservations({
  observationSpace,
}: Pick<Spaces, 'observationSpace'>): SpaceProblem | undefined {
  return unseen(observationSpace as AnySpace, 'observationSpace');
}

function unseen(space: AnySpace, where: string): SpaceProblem | undefined {
  const problem = (expected: string, got: string, fix: string): SpaceProblem => ({
    found: `${where}: expected ${expected}, got ${got}`,
    fix: `${fix}, or use your own encoder (policy.encoder)`,
  });
  switch (space.type) {
    case 'box':
    case 'discrete':
    case 'multi-discrete':
    case 'multi-binary':
    case 'text':
      return undefined;
    case 'dict':
    case 'tuple': {
      const parts =
        space.type === 'dict'
          ? [...space.spaces]
          : space.spaces.map((part, i) => [i, part] as const);
      if (parts.length === 0) {
        const fix = 'add a part, such as a Discrete space of one value';
        return problem('at least one part', `an empty ${nameOf(space)}`, fix);
      }
      for (const [key, part] of parts) {
        const found = unseen(part as AnySpace, `${where}.${key}`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    case 'sequence':
      return unseen(space.space as AnySpace, `${where}[]`);
    case 'graph':
      return unseen(space.parts, where);
    default:
      return problem(
        OBSERVATIONS,
        `a ${nameOf(space)}`,
        'show the observation as numbers or choices',
      );
  }
}

/**
 * Says how actions without two bounds are scaled; undefined where all entries have two.
 * @internal
 */
export function explainActionBounds({
  actionSpace,
}: Pick<Spaces, 'actionSpace'>): SpaceProblem | undefined {
  for (const part of partsOf(actionSpace)) {
    const space = part.space as AnySpace;
    const found = space.type === 'box' ? explainBounds(space) : undefined;
    if (found === undefined) continue;
    return {
      found: `${whereOf(part)}: ${found}`,
      fix: 'give each entry its true bounds, or scale the actions to a size of about 1',
    };
  }
  return undefined;
}

/** The name of a space's class. */
function nameOf({ type }: Space): string {
  return type.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}
