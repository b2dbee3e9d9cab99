import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** CRC-32C bit by bit, from its definition. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const mask = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** The data of each record of an event file; checks lengths and both checksums. */
export function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 8)).toBe(mask(crc32c(bytes.subarray(at, at + 8))));
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(mask(crc32c(data)));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

type Field = number | Buffer;

/** A protobuf message's fields by number; counted bytes stay as they are. */
export function fields(message: Buffer): Record<number, Field[]> {
  const found: Record<number, Field[]> = {};
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const take = (length: number) => message.subarray(at, (at += length));
    const read: Record<number, () => Field> = {
      0: varint,
      1: () => take(8).readDoubleLE(),
      2: () => take(varint()),
      5: () => take(4).readFloatLE(),
    };
    (found[key >> 3] ??= []).push(read[key & 7]());
  }
  return found;
}

/** The tag and value of an event. */
export const summary = (event: Buffer) =>
  fields(fields(fields(event)[5][0] as Buffer)[1][0] as Buffer);

/** The scalars in the event files of a folder by tag, in the order in which they were written. */
export function scalarsIn(dir: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const events = readdirSync(dir)
    .sort()
    .flatMap((file) => records(readFileSync(join(dir, file))));
  for (const event of events) {
    if (fields(event)[5] === undefined) continue;
    const { 1: tag, 2: value } = summary(event);
    if (value === undefined) continue;
    const name = String(tag[0]);
    found.set(name, [...(found.get(name) ?? []), value[0] as number]);
  }
  return found;
}
