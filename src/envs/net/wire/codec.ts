import { Decoder, Encoder } from '@msgpack/msgpack';
import {
  bytesOf,
  dtypeWritten,
  isNdArray,
  type NumberArray,
  ndarray,
  ndarrayFrom,
} from './ndarray.ts';
import { defaultFrameLimits, type FrameLimits, scanJson, scanMsgpack } from './scan.ts';
import { WireError } from './wire-error.ts';

/** An encoding of messages as WebSocket frames. */
export interface Codec {
  /** The name of the WebSocket subprotocol; empty for none. */
  readonly subprotocol: string;
  /** Encodes plain data and arrays (`NdArray` or typed); it leaves out functions and undefined. */
  encode(message: object): Uint8Array | string;
  /**
   * Decodes a frame.
   * @param binary whether it is a binary frame
   * @returns plain data, with arrays as `NdArray`
   * @throws WireError `BAD_FRAME`
   */
  decode(frame: Uint8Array, binary: boolean): unknown;
}

const text = new TextDecoder('utf-8', { fatal: true });
const key = (key: unknown): string => {
  const name = key instanceof Uint8Array ? text.decode(key) : key;
  if (typeof name !== 'string') throw new Error('keys must be strings');
  // The decoder would set the prototype with it.
  if (name === '__proto__') throw new Error('a key named __proto__');
  return name;
};

/**
 * The encoding in MessagePack, in binary frames: compact, and arrays keep their bytes.
 * @param limits of the content of a frame
 */
export function msgpackCodec(limits: FrameLimits = defaultFrameLimits): Codec {
  const encoder = new Encoder({ ignoreUndefined: true });
  // A peer may use any keys, so caching them would not help.
  const decoder = new Decoder({ mapKeyConverter: key as never, useBigInt64: false });
  return {
    subprotocol: 'pondera.v1.msgpack',
    encode: (message) => encoder.encode(outward(message, (bytes) => bytes)),
    decode: (frame, binary) => {
      if (!binary) throw new WireError('BAD_FRAME', 'frame: expected binary, got text');
      scanMsgpack(frame, limits);
      return inward(parsed(() => decoder.decode(frame)));
    },
  };
}

/**
 * The encoding in JSON, in text frames: for browsers and for debugging.
 * @param limits of the content of a frame
 */
export function jsonCodec(limits: FrameLimits = defaultFrameLimits): Codec {
  const base64 = (bytes: Uint8Array) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return {
    subprotocol: 'pondera.v1.json',
    encode: (message) => JSON.stringify(outward(message, base64)),
    decode: (frame, binary) => {
      if (binary) throw new WireError('BAD_FRAME', 'frame: expected text, got binary');
      const json = parsed(() => text.decode(frame));
      scanJson(json, limits);
      return inward(parsed(() => JSON.parse(json)));
    },
  };
}

/** All codecs, the faster one first. */
export function codecs(limits?: FrameLimits): Codec[] {
  return [msgpackCodec(limits), jsonCodec(limits)];
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new WireError('BAD_FRAME', `frame: ${(cause as Error).message}`, { cause });
  }
}

/** Replaces arrays by the maps that represent them on the wire. */
function outward(value: unknown, write: (bytes: Uint8Array) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => outward(entry, write));
  const array = ArrayBuffer.isView(value) ? ndarray(value as NumberArray) : value;
  if (isNdArray(array)) {
    const { shape } = array;
    return { __ndarray__: true, dtype: dtypeWritten(array), shape, data: write(bytesOf(array)) };
  }
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const entry = (value as Record<string, unknown>)[name];
    if (entry === undefined || typeof entry === 'function') continue;
    result[name] = outward(entry, write);
  }
  return result;
}

/** Replaces the maps that represent arrays by the arrays. @throws WireError BAD_FRAME */
function inward(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = inward(value[i]);
    return value;
  }
  const map = value as Record<string, unknown>;
  if (map.__ndarray__ === true) {
    const bytes = typeof map.data === 'string' ? Buffer.from(map.data, 'base64') : map.data;
    const array = ndarrayFrom(map.dtype, map.shape, bytes);
    if (typeof array === 'string') throw new WireError('BAD_FRAME', `ndarray: ${array}`);
    return array;
  }
  for (const name of Object.keys(map)) {
    if (name === '__proto__') throw new WireError('BAD_FRAME', 'frame: a key named __proto__');
    map[name] = inward(map[name]);
  }
  // Later code would take this map for an array that was checked.
  if (isNdArray(map)) throw new WireError('BAD_FRAME', 'ndarray: expected __ndarray__');
  return map;
}
