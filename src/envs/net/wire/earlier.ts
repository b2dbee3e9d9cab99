import { describe } from '../../common/describe.ts';
import type { Info } from '../../contract/env.ts';
import type { Space } from '../../contract/space.ts';
import { BatchError, countOf, stack, unstack } from './batch.ts';
import type { Batch } from './message-fields.ts';

/**
 * `info.earlier` for the wire: a batch of observations; undefined where there are none.
 * @internal
 */
export function stackEarlier(space: Space, { earlier }: Pick<Info, 'earlier'>): Batch | undefined {
  return earlier && earlier.length > 0 ? stack(space, earlier) : undefined;
}

/**
 * Reads such a batch. Whether the space contains the observations, its `explain` says.
 * @throws BatchError naming the place, the expectation and the received value
 * @internal
 */
export function unstackEarlier(space: Space, batch: unknown): unknown[] | undefined {
  if (batch === undefined || batch === null) return undefined;
  const count = countOf(space, batch);
  if (count !== undefined) return unstack(space, batch, count);
  throw new BatchError(`expected a batch of observations, got ${describe(batch)}`);
}
