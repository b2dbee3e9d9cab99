import { z } from 'zod';

/** Named float32 arrays in C order. */
export type Tensors = Record<string, { shape: number[]; data: Float32Array }>;

/** The format's own limit on the header, in bytes. */
const MAX_HEADER = 100_000_000;
const METADATA = '__metadata__';

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
// z.record would silently drop a key named __proto__.
const metadataSchema = z.custom<Record<string, string>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string'),
  { path: [METADATA], error: 'expected an object of strings' },
);

/**
 * Encodes tensors in the safetensors format (github.com/huggingface/safetensors): the header's
 * length as u64, a JSON header padded with spaces to 8 bytes, then the data, little-endian.
 * Tensors lie in the order of their names, so that equal tensors give equal bytes.
 *
 * @throws Error where the length of a tensor's data does not fit its shape
 */
export function encodeSafetensors(
  tensors: Tensors,
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(tensors).sort();
  const entries: [string, unknown][] = metadata ? [[METADATA, metadata]] : [];
  let size = 0;
  for (const name of names) {
    const { shape, data } = tensors[name];
    if (name === METADATA) throw new Error(`safetensors: a tensor may not be named ${METADATA}`);
    if (count(shape) !== data.length) {
      throw new Error(
        `safetensors: tensor ${name} of shape [${shape}] needs ${count(shape)} numbers, got ${data.length}`,
      );
    }
    const data_offsets = [size, size + data.byteLength];
    entries.push([name, { dtype: 'F32', shape, data_offsets }]);
    size += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerSize = Math.ceil(json.length / 8) * 8;
  if (headerSize > MAX_HEADER) {
    throw new Error(`safetensors: header of ${headerSize} bytes, at most ${MAX_HEADER} allowed`);
  }
  const bytes = new Uint8Array(8 + headerSize + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerSize), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerSize);
  let offset = 8 + headerSize;
  for (const name of names) {
    const { data } = tensors[name];
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file of F32 tensors; it copies the data.
 *
 * @throws Error for truncated bytes, a malformed header, duplicate names, another dtype, a length
 *   that does not fit the shape, holes or overlaps
 */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: Tensors;
  metadata: Record<string, string>;
} {
  if (bytes.length < 8) {
    throw new Error(`safetensors: truncated: expected at least 8 bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getBigUint64(0, true);
  if (headerSize > MAX_HEADER) {
    throw new Error(`safetensors: header of ${headerSize} bytes, at most ${MAX_HEADER} allowed`);
  }
  const dataStart = 8 + Number(headerSize);
  if (bytes.length < dataStart) {
    throw new Error(
      `safetensors: truncated in the header: expected at least ${dataStart} bytes, got ${bytes.length}`,
    );
  }
  const { [METADATA]: metadata = {}, ...rest } = parseHeader(bytes.subarray(8, dataStart));
  const entries = Object.entries(rest)
    .map(([name, entry]) => ({ name, ...check(entrySchema, entry) }))
    .sort(({ data_offsets: a }, { data_offsets: b }) => a[0] - b[0] || a[1] - b[1]);
  let end = 0;
  const tensors = entries.map(({ name, dtype, shape, data_offsets: range }) => {
    if (dtype !== 'F32') {
      throw new Error(`safetensors: tensor ${name} has dtype ${dtype}, expected F32`);
    }
    if (range[0] !== end) {
      const fault = range[0] > end ? 'a hole' : 'an overlap';
      throw new Error(`safetensors: ${fault} before ${name}: expected ${end}, got ${range[0]}`);
    }
    end = range[1];
    if (end - range[0] !== 4 * count(shape)) {
      throw new Error(
        `safetensors: tensor ${name} of shape [${shape}] needs ${4 * count(shape)} bytes, got ${end - range[0]}`,
      );
    }
    if (dataStart + end > bytes.length) {
      throw new Error(
        `safetensors: truncated in ${name}: expected ${dataStart + end} bytes, got ${bytes.length}`,
      );
    }
    const data = new Float32Array(count(shape));
    new Uint8Array(data.buffer).set(bytes.subarray(dataStart + range[0], dataStart + end));
    return [name, { shape, data }] as const;
  });
  if (dataStart + end !== bytes.length) {
    throw new Error(
      `safetensors: data beyond the last tensor: expected ${dataStart + end} bytes, got ${bytes.length}`,
    );
  }
  return { tensors: Object.fromEntries(tensors), metadata: check(metadataSchema, metadata) };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith('{')) throw new Error(`it must start with {, got ${text.slice(0, 1)}`);
    header = JSON.parse(text);
    checkDuplicates(text);
  } catch (error) {
    throw new Error(`safetensors: malformed header: ${(error as Error).message}`);
  }
  return header as Record<string, unknown>;
}

/** The format forbids duplicate keys; JSON.parse silently keeps the last one. */
function checkDuplicates(json: string): void {
  const open: Set<string>[] = [];
  for (const [token, key] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (key !== undefined) {
      const keys = open.at(-1)!;
      const name: string = JSON.parse(key);
      if (keys.has(name)) throw new Error(`duplicate key ${name}`);
      keys.add(name);
    }
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (error) throw new Error(`safetensors: malformed header: ${z.prettifyError(error)}`);
  return data;
}

function count(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
