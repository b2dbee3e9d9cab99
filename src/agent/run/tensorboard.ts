import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Bytes of pending events at which `flush` runs by itself. */
const BUFFER_LIMIT = 1 << 16;
/** Buckets of a histogram whose values are not a narrow range of integers. */
const BUCKETS = 30;

/**
 * Writes one TensorBoard event file: TFRecords (length, masked CRC32C, data, masked CRC32C) of
 * `Event` protobufs (tensorflow/tensorboard, compat/proto/{event,summary}.proto).
 */
export class TensorBoardWriter {
  readonly path: string;
  readonly #file: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #flushAt = BUFFER_LIMIT;

  /**
   * Creates a new event file in `dir`, beside the existing ones.
   *
   * @param resumeStep the next step of a resumed run: TensorBoard drops the events of earlier files
   *   of `dir` from that step on
   * @param wallTime seconds since 1970
   */
  constructor(
    dir: string,
    { resumeStep, wallTime = Date.now() / 1000 }: { resumeStep?: number; wallTime?: number } = {},
  ) {
    mkdirSync(dir, { recursive: true });
    // TensorBoard reads files by name, so names must rise even where the clock went back.
    const seconds = Math.max(Math.floor(wallTime), newest(dir) + 1);
    const name = `${String(seconds).padStart(10, '0')}.${hostname()}.${process.pid}.0`;
    this.path = join(dir, `events.out.tfevents.${name}`);
    this.#file = openSync(this.path, 'wx');
    this.#event(wallTime, 0, bytesField(3, utf8('brain.Event:2')));
    if (resumeStep !== undefined) {
      const sessionStart = Uint8Array.from([0x08, 1]); // SessionLog { status: START }
      this.#event(wallTime, resumeStep, bytesField(7, sessionStart));
    }
    this.flush();
  }

  scalar(tag: string, value: number, step: number, wallTime = Date.now() / 1000): void {
    this.#summary(tag, floatField(2, value), step, wallTime);
  }

  /**
   * Adds a histogram of the finite values; nothing where there are none.
   * @param counts how often each value occurred; default: once
   */
  histogram(
    tag: string,
    values: ArrayLike<number>,
    step: number,
    wallTime = Date.now() / 1000,
    counts?: ArrayLike<number>,
  ): void {
    const seen = Array.from(values, (value, i): Seen => ({ value, count: counts?.[i] ?? 1 }));
    const finite = seen.filter(({ value, count }) => Number.isFinite(value) && count > 0);
    if (finite.length > 0) this.#summary(tag, bytesField(5, histogram(finite)), step, wallTime);
  }

  /** Writes the pending events. @throws Error where the write fails; the events then stay pending */
  flush(): void {
    let rest = concat(this.#pending);
    try {
      while (rest.length > 0) {
        rest = rest.subarray(writeSync(this.#file, rest));
        // On a full disk the rest stays pending, and the next flush continues at its first byte.
        this.#pending = [rest];
        this.#pendingBytes = rest.length;
      }
    } catch (cause) {
      throw new Error(`cannot write ${this.path}: ${(cause as Error).message}`, { cause });
    }
    this.#flushAt = BUFFER_LIMIT;
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }

  #summary(tag: string, value: Uint8Array, step: number, wallTime: number): void {
    const summaryValue = concat([bytesField(1, utf8(tag)), value]);
    this.#event(wallTime, step, bytesField(5, bytesField(1, summaryValue)));
  }

  #event(wallTime: number, step: number, what: Uint8Array): void {
    const event = concat([doubleField(1, wallTime), varintField(2, step), what]);
    const bytes = record(event);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes < this.#flushAt) return;
    this.#flushAt = this.#pendingBytes + BUFFER_LIMIT;
    try {
      this.flush();
    } catch {
      // The events stay pending, and the next explicit flush throws.
    }
  }
}

/** The seconds in the name of the newest event file; 0 where there is none. */
function newest(dir: string): number {
  const seconds = readdirSync(dir).map((name) => /tfevents\.(\d+)\./.exec(name)?.[1] ?? 0);
  return Math.max(0, ...seconds.map(Number));
}

interface Seen {
  value: number;
  count: number;
}

/** HistogramProto: exact min, max, count and sums; a bucket is given by its right edge. */
function histogram(seen: readonly Seen[]): Uint8Array {
  let [min, max, total, sum, squares] = [Infinity, -Infinity, 0, 0, 0];
  for (const { value, count } of seen) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    total += count;
    sum += count * value;
    squares += count * value * value;
  }
  // A narrow range of integers gets one bucket per integer, which shows counts of ponder steps exactly.
  const perInteger = max - min < 2 * BUCKETS && seen.every(({ value }) => Number.isInteger(value));
  const buckets = perInteger ? max - min + 1 : min === max ? 1 : BUCKETS;
  const start = perInteger ? min - 0.5 : min;
  const width = perInteger ? 1 : (max - min) / buckets;
  const limits = Float64Array.from({ length: buckets }, (_, i) => start + (i + 1) * width);
  if (!perInteger) limits[buckets - 1] = max;
  const counts = new Float64Array(buckets);
  for (const { value, count } of seen) {
    const index = width > 0 ? Math.floor((value - start) / width) : 0;
    counts[Math.min(index, buckets - 1)] += count;
  }
  return concat([
    doubleField(1, min),
    doubleField(2, max),
    doubleField(3, total),
    doubleField(4, sum),
    doubleField(5, squares),
    bytesField(6, doubles(limits)),
    bytesField(7, doubles(counts)),
  ]);
}

/** TFRecord: u64 length, its masked CRC, the data, its masked CRC; all little-endian. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}

/** CRC-32C (Castagnoli, reflected 0x82f63b78) by one table look-up per byte. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff];
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

// Protobuf: a field is its number and wire type (0 varint, 1 eight bytes, 2 counted bytes,
// 5 four bytes) in one varint, then its value.

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.from([...bytes, value]);
}

function varintField(field: number, value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`TensorBoardWriter: step: expected an integer ≥ 0, got ${value}`);
  }
  return concat([varint(field * 8), varint(value)]);
}

function doubleField(field: number, value: number): Uint8Array {
  return concat([varint(field * 8 + 1), doubles(Float64Array.of(value))]);
}

function bytesField(field: number, value: Uint8Array): Uint8Array {
  return concat([varint(field * 8 + 2), varint(value.length), value]);
}

function floatField(field: number, value: number): Uint8Array {
  return concat([varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]);
}

function doubles(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
