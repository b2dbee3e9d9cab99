import type { Reset } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { stack, unstack } from '../net/wire/batch.ts';
import { jsonCodec } from '../net/wire/codec.ts';
import { stackEarlier, unstackEarlier } from '../net/wire/earlier.ts';
import { isNdArray } from '../net/wire/ndarray.ts';

/** The snapshot of an environment whose next episode has begun on the server but not here. */
interface Ahead {
  remoteState: unknown;
  /** Its first observation, in JSON. */
  next: string;
}

const codec = jsonCodec();

/**
 * The state of a remote environment with the first observation of its next episode, as plain JSON, exact; undefined
 * where it has no snapshot now.
 */
export function packSnapshot(state: unknown, next: Reset | undefined, space: Space): unknown {
  if (state === null || state === undefined) return undefined;
  if (next === undefined) return state;
  const obs = stack(space, [next.obs]);
  const info = { ...next.info, earlier: stackEarlier(space, next.info) };
  return { remoteState: state, next: codec.encode({ obs, info }) as string };
}

export function unpackSnapshot(
  snapshot: unknown,
  space: Space,
): { state: unknown; next: Reset | undefined } {
  const { remoteState, next } = (snapshot ?? {}) as Partial<Ahead>;
  if (typeof next !== 'string') return { state: snapshot, next: undefined };
  const { obs, info } = codec.decode(Buffer.from(next), false) as Reset;
  const mask: unknown = info.actionMask;
  if (isNdArray(mask)) info.actionMask = mask.data;
  if (info.earlier !== undefined) info.earlier = unstackEarlier(space, info.earlier);
  return { state: remoteState, next: { obs: unstack(space, obs, 1)[0], info } };
}
