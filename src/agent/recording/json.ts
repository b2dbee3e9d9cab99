/** A number to six significant digits, enough for a reader of a policy's numbers. */
export function significant(x: number): number {
  return Number(x.toPrecision(6));
}

/**
 * A value of a space as plain JSON: arrays as flat lists in C order, float32 numbers in as few digits as
 * give them back.
 */
export function jsonOf(value: unknown): unknown {
  if (value instanceof Float32Array) return Array.from(value, shortest);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, jsonOf(part)]));
}

function shortest(float32: number): number {
  const short = Number(float32.toPrecision(7));
  return Math.fround(short) === float32 ? short : Number(float32.toPrecision(9));
}
