import type { AnySpace, Space } from '../../envs/index.ts';
import { partsOf } from '../../envs/spaces/index.ts';
import { categorical } from './categorical.ts';
import { type JointLayout, layoutOf } from './conditioning.ts';
import type { Distribution } from './distribution.ts';
import { gaussian } from './gaussian.ts';
import { joint } from './joint.ts';
import { bernoulli } from './multi-binary.ts';
import { text } from './text.ts';

export { type ActionValues, actionValues } from './action-values.ts';
export { RANK } from './conditioning.ts';
export type { Choices, Distribution, HeadReading, Reading } from './distribution.ts';
export { explainBounds } from './gaussian.ts';
export type { Tempering } from './temper.ts';
export { explainText } from './text.ts';

/**
 * The distribution over an action space: categorical for Discrete and MultiDiscrete, Bernoulli for MultiBinary,
 * Gaussian for Box, for Text character after character, and for Dict and Tuple these part after part, each given those
 * before it.
 * @throws TypeError for another space, or one without parts; RangeError for a Text of more than 64 characters
 */
export function distributionFor(space: Space): Distribution {
  const known = space as AnySpace;
  switch (known.type) {
    case 'discrete':
    case 'multi-discrete':
      return categorical(known);
    case 'multi-binary':
      return bernoulli(known);
    case 'box':
      return gaussian(known);
    case 'text':
      return text(known);
    case 'dict':
    case 'tuple': {
      const parts = partsOf(known);
      if (parts.length === 0) {
        throw new TypeError(
          `distributionFor: expected at least one part, got an empty ${known.type}`,
        );
      }
      return joint(
        known,
        parts,
        parts.map((part) => distributionFor(part.space)),
      );
    }
    default:
      throw new TypeError(
        `distributionFor: expected Box, Discrete, MultiDiscrete, MultiBinary or Text actions, got ${known.type}`,
      );
  }
}

/**
 * Where the numbers of a Dict or Tuple action lie in a row of parameters, part by part.
 * @internal
 */
export function jointLayout(space: Space): JointLayout {
  const parts = partsOf(space);
  return layoutOf(
    parts,
    parts.map((part) => distributionFor(part.space)),
  );
}
