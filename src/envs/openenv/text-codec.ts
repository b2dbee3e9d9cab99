import type { Codec } from '../net/wire/codec.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { OpenEnvError } from './open-env-errors.ts';

/**
 * The encoding of OpenEnv, which has no subprotocol. It decodes frames as text only: a frame that is no JSON gets an
 * answer and does not end the connection. An error that ends it (`Connection.fail`) becomes SESSION_ERROR.
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

/** Turns typed arrays, which an info may have, into lists. */
function asLists(_: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array, Number) : value;
}
