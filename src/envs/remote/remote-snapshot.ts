import type { Env, Reset } from '../contract/env.ts';
import { stack, unstack } from '../net/wire/batch.ts';
import { jsonCodec } from '../net/wire/codec.ts';
import { stackDemonstration, unstackDemonstration } from '../net/wire/demonstration.ts';
import { stackEarlier, unstackEarlier } from '../net/wire/earlier.ts';
import { isNdArray } from '../net/wire/ndarray.ts';

/** The snapshot of an environment whose next episode has begun on the server but not here. */
interface Ahead {
  remoteState: unknown;
  /** Its first observation, in JSON. */
  next: string;
}

type Spaces = Pick<Env, 'observationSpace' | 'actionSpace'>;

const codec = jsonCodec();

/**
 * The state of a remote environment with the first observation of its next episode, as plain JSON, exact; undefined
 * where it has no snapshot now.
 */
export function packSnapshot(
  state: unknown,
  next: Reset | undefined,
  { observationSpace, actionSpace }: Spaces,
): unknown {
  if (state === null || state === undefined) return undefined;
  if (next === undefined) return state;
  const obs = stack(observationSpace, [next.obs]);
  const info = {
    ...next.info,
    earlier: stackEarlier(observationSpace, next.info),
    demonstration: stackDemonstration(actionSpace, next.info),
  };
  return { remoteState: state, next: codec.encode({ obs, info }) as string };
}

export function unpackSnapshot(
  snapshot: unknown,
  { observationSpace, actionSpace }: Spaces,
): { state: unknown; next: Reset | undefined } {
  const { remoteState, next } = (snapshot ?? {}) as Partial<Ahead>;
  if (typeof next !== 'string') return { state: snapshot, next: undefined };
  const { obs, info } = codec.decode(Buffer.from(next), false) as Reset;
  const mask: unknown = info.actionMask;
  if (isNdArray(mask)) info.actionMask = mask.data;
  if (info.earlier !== undefined) info.earlier = unstackEarlier(observationSpace, info.earlier);
  if (info.demonstration !== undefined) {
    info.demonstration = unstackDemonstration(actionSpace, info.demonstration);
  }
  return { state: remoteState, next: { obs: unstack(observationSpace, obs, 1)[0], info } };
}
