import { stringifyExact } from '../../common/exact-json.ts';

/**
 * An environment's state on the wire and in a trainer: JSON text, which keeps every number exact in both codecs and
 * counts as one entry of a frame.
 */
interface PackedState {
  json: string;
}

/** @throws TypeError naming the path of the part that is no plain data */
export function packState(state: unknown): PackedState | null {
  return state === undefined ? null : { json: stringifyExact(state) };
}

/** The inverse of `packState`; it returns an unpacked state, as older versions sent it, unchanged. */
export function unpackState(packed: unknown): unknown {
  const { json, ...rest } = (packed ?? {}) as Partial<PackedState>;
  return typeof json === 'string' && Object.keys(rest).length === 0 ? JSON.parse(json) : packed;
}
