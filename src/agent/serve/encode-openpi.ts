import { encode } from '@msgpack/msgpack';
import { bytesOf, dtypeWritten, isNdArray, type NdArray } from '../../envs/net/index.ts';

/**
 * MessagePack as openpi's msgpack_numpy writes it: the keys of maps that stand for arrays are binary.
 * @param map at most 15 entries: an `NdArray` or plain data each
 */
export function encodeOpenpi(map: Record<string, unknown>): Uint8Array {
  const entries = Object.entries(map);
  const parts = [fixmap(entries.length)];
  for (const [key, value] of entries) {
    parts.push(encode(key), ...(isNdArray(value) ? arrayParts(value) : [encode(value)]));
  }
  return Buffer.concat(parts);
}

const bin = (key: string) => encode(Buffer.from(key));
const [MARK, DATA, DTYPE, SHAPE] = ['__ndarray__', 'data', 'dtype', 'shape'].map(bin);

function arrayParts(array: NdArray): Uint8Array[] {
  const [data, dtype, shape] = [bytesOf(array), dtypeWritten(array), array.shape].map((part) =>
    encode(part),
  );
  return [fixmap(4), MARK, encode(true), DATA, data, DTYPE, dtype, SHAPE, shape];
}

function fixmap(entries: number): Uint8Array {
  return Uint8Array.of(0x80 | entries);
}
