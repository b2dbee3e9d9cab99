import { describe } from '../common/describe.ts';
import { type ReadAs, readings } from '../contract/space-json.ts';

/** The readings that an array of `rank` axes has. A grid has rows and columns, and maybe numbers in each cell. */
function fitting(rank: number, pictures: boolean): ReadAs[] {
  return readings.filter((reading) => {
    if (reading === 'grid') return rank === 2 || rank === 3;
    if (reading === 'picture' || reading === 'patches') return rank >= 2 && rank <= 4 && pictures;
    return reading === 'vector' || rank > 0;
  });
}

/** @throws RangeError for a reading that does not fit the shape; the message says which do */
export function checkReadAs(
  owner: string,
  as: unknown,
  shape: readonly number[],
  { pictures = false } = {},
): asserts as is ReadAs | undefined {
  const fit = fitting(shape.length, pictures);
  if (as === undefined || fit.includes(as as ReadAs)) return;
  throw new RangeError(
    `${owner}: expected as to be one of ${fit.join(', ')} for shape [${shape.join(', ')}], ` +
      `got ${typeof as === 'string' ? as : describe(as)}`,
  );
}
