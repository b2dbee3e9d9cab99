/** The deepest nesting that travels. */
const DEPTH = 8;

/**
 * Copies the part of a value that can travel: plain data and arrays of numbers. It leaves out functions, instances of
 * classes, circular references and parts that are nested too deeply.
 */
export function plain(value: unknown, depth = DEPTH, within: readonly object[] = []): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || depth === 0 || within.includes(value)) return undefined;
  const inner = [...within, value];
  if (Array.isArray(value)) return value.map((entry) => plain(entry, depth - 1, inner) ?? null);
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? undefined : value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return undefined;
  const result: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    const kept = plain(entry, depth - 1, inner);
    if (kept !== undefined && key !== '__proto__') result[key] = kept;
  }
  return result;
}
