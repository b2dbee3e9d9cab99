import type { Box, DType, MultiBinary, MultiDiscrete, ReadAs } from '../../envs/index.ts';
import { pictureOf } from './picture.ts';

/** A space whose values are arrays. */
export type ArraySpace = Box<DType> | MultiDiscrete | MultiBinary;

/** The most choices that are a token each: the fused kernels attend to so many keys. */
export const MOST_TOKENS = 512;

/**
 * How the encoders read an array: as the space says, otherwise as people mean its shape. One axis is a vector of numbers
 * or a row of choices; two axes of numbers are rows, of choices a grid, or rows where the columns differ in their choices;
 * three are a grid of cells, or a picture of bytes.
 * @internal
 */
export function readingOf(space: ArraySpace): ReadAs {
  if (space.as !== undefined) return space.as;
  const rank = space.shape.length;
  switch (space.type) {
    case 'multi-discrete': {
      const alike = space.nvec.every((n) => n === space.nvec[0]);
      if (rank === 3 || (rank === 2 && alike)) return 'grid';
      return rank === 1 && space.size > MOST_TOKENS ? 'vector' : 'sequence';
    }
    case 'multi-binary':
      return rank === 2 || rank === 3 ? 'grid' : 'vector';
    case 'box': {
      if (pictureOf(space)) return 'picture';
      if (rank === 2) return 'sequence';
      return rank === 3 ? 'grid' : 'vector';
    }
  }
}
