import { stringifyExact } from '../../common/exact-json.ts';

/**
 * An environment's state as it travels and as a trainer keeps it: JSON text, in which every number is exact
 * whichever codec carries it, and which counts as one entry of a frame however large it is.
 */
interface PackedState {
  json: string;
}

/** @throws TypeError naming the path of what is no plain data */
export function packState(state: unknown): PackedState | null {
  return state === undefined ? null : { json: stringifyExact(state) };
}

/** The state that was packed; one that was not is what it is, as those that older versions sent. */
export function unpackState(packed: unknown): unknown {
  const { json, ...rest } = (packed ?? {}) as Partial<PackedState>;
  return typeof json === 'string' && Object.keys(rest).length === 0 ? JSON.parse(json) : packed;
}
