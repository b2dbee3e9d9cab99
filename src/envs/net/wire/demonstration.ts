import type { Info } from '../../contract/env.ts';
import type { Space } from '../../contract/space.ts';
import { stack, unstack } from './batch.ts';
import type { Batch } from './message-fields.ts';

/** `info.demonstration` for the wire: a batch of one action; undefined where there is none. */
export function stackDemonstration(space: Space, { demonstration }: Info): Batch | undefined {
  if (demonstration === undefined || demonstration === null) return undefined;
  return stack(space, [demonstration]);
}

/**
 * Reads such a batch. Whether the space contains the action, its `explain` says.
 * @throws BatchError naming the place, the expectation and the received value
 */
export function unstackDemonstration(space: Space, batch: unknown): unknown {
  if (batch === undefined || batch === null) return undefined;
  return unstack(space, batch, 1)[0];
}
