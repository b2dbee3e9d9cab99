import fc from 'fast-check';

/** How a value becomes the bytes of a frame. */
export type Encoding = 'msgpack' | 'json';

/** Written as it is: what no honest writer makes. */
export class Raw {
  readonly msgpack: readonly number[];
  readonly json: string;

  constructor(msgpack: readonly number[], json: string) {
    this.msgpack = msgpack;
    this.json = json;
  }

  /** In a counterexample. */
  [fc.toStringMethod](): string {
    const { length } = this.json;
    return `Raw(${length > 80 ? `${this.json.slice(0, 80)}…, ${length} characters` : this.json})`;
  }
}

/** A map whose keys may be anything, also the same again. */
export class Pairs {
  readonly pairs: readonly (readonly [key: unknown, value: unknown])[];

  constructor(pairs: Pairs['pairs']) {
    this.pairs = pairs;
  }
}

/** An array as docs/protocol.md writes it, right or wrong. */
export function arrayMap(dtype: unknown, shape: unknown, data: unknown): object {
  return { __ndarray__: true, dtype, shape, data };
}

/** A value as a frame; unlike the product's codecs it writes whatever it is given. */
export function write(value: unknown, encoding: Encoding): Uint8Array {
  if (encoding === 'json') return Buffer.from(json(value));
  return Uint8Array.from(scratch.subarray(0, msgpack(value, 0)));
}

/** Longer frames than this are not written here. */
const scratch = Buffer.alloc(2 ** 20);

function json(value: unknown): string {
  if (value instanceof Raw) return value.json;
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (value instanceof Pairs) {
    return `{${value.pairs.map(([key, part]) => `${json(keyText(key))}:${json(part)}`).join()}}`;
  }
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  if (typeof value === 'object' && value !== null) return json(new Pairs(Object.entries(value)));
  // NaN and Infinity as other languages' writers put them.
  return typeof value === 'number' && !Number.isFinite(value)
    ? String(value)
    : JSON.stringify(value ?? null);
}

function keyText(key: unknown): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString() : String(key);
}

/** Writes a value at that place of `scratch`. @returns where it ends */
function msgpack(value: unknown, at: number): number {
  if (value instanceof Raw) return bytes(Uint8Array.from(value.msgpack), at);
  if (value === null || value === undefined) return scratch.writeUInt8(0xc0, at);
  if (typeof value === 'boolean') return scratch.writeUInt8(value ? 0xc3 : 0xc2, at);
  if (typeof value === 'number') return number(value, at);
  if (value instanceof Uint8Array) return bytes(value, head(0xc6, value.length, at));
  if (typeof value === 'string') {
    const length = Buffer.byteLength(value);
    const begin = length < 32 ? scratch.writeUInt8(0xa0 | length, at) : head(0xdb, length, at);
    return begin + scratch.write(value, begin);
  }
  if (Array.isArray(value)) {
    const { length } = value;
    const begin = length < 16 ? scratch.writeUInt8(0x90 | length, at) : head(0xdd, length, at);
    return value.reduce((end: number, entry) => msgpack(entry, end), begin);
  }
  const pairs = value instanceof Pairs ? value.pairs : Object.entries(value as object);
  const { length } = pairs;
  const begin = length < 16 ? scratch.writeUInt8(0x80 | length, at) : head(0xdf, length, at);
  return pairs.reduce((end, [key, part]) => msgpack(part, msgpack(key, end)), begin);
}

function bytes(bytes: Uint8Array, at: number): number {
  scratch.set(bytes, at);
  return at + bytes.length;
}

/** A tag with a length of four bytes. */
function head(tag: number, length: number, at: number): number {
  return scratch.writeUInt32BE(length, scratch.writeUInt8(tag, at));
}

function number(value: number, at: number): number {
  const whole = Number.isInteger(value) && !Object.is(value, -0);
  if (whole && value >= 0 && value < 128) return scratch.writeUInt8(value, at);
  if (whole && value >= 0 && value < 2 ** 64) {
    return scratch.writeBigUInt64BE(BigInt(value), scratch.writeUInt8(0xcf, at));
  }
  if (whole && value < 0 && value >= -(2 ** 63)) {
    return scratch.writeBigInt64BE(BigInt(value), scratch.writeUInt8(0xd3, at));
  }
  return scratch.writeDoubleBE(value, scratch.writeUInt8(0xcb, at));
}
