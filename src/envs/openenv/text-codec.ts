import type { Codec } from '../net/wire/codec.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { OpenEnvError } from './open-env-errors.ts';

/**
 * Frames of OpenEnv, which has no subprotocol. They are decoded as text, since one that is no JSON is
 * answered and does not end the connection. What does end it (`Connection.fail`) is said as SESSION_ERROR.
 */
export const textCodec: Codec = {
  subprotocol: '',
  encode: (message) => {
    const { t, code, message: what } = message as Record<string, unknown>;
    const frame =
      t === 'error' ? new OpenEnvError('SESSION_ERROR', `${code}: ${what}`).frame : message;
    return JSON.stringify(frame, asLists);
  },
  decode: (frame, binary) => {
    if (binary) throw new WireError('BAD_FRAME', 'frame: expected text, got binary');
    return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString();
  },
};

/** Arrays of numbers, which an environment's info may have, as JSON's. */
function asLists(_: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array, Number) : value;
}
