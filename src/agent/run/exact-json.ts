/**
 * `value` as JSON text from which `JSON.parse` gives back every number exactly: unlike
 * `JSON.stringify` it keeps −0 and ±Infinity (as ±1e999), and it refuses what JSON would silently
 * alter instead of altering it. A property that is undefined is left out.
 *
 * @throws TypeError naming the path of a NaN or of a value that is no plain data
 */
export function stringifyExact(value: unknown, path = 'state'): string {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) throw new TypeError(`${path}: expected a number, got NaN`);
    if (Object.is(value, -0)) return '-0';
    return Number.isFinite(value) ? String(value) : value > 0 ? '1e999' : '-1e999';
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => stringifyExact(item, `${path}[${i}]`)).join(',')}]`;
  }
  if (isPlainObject(value)) {
    const properties = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => `${JSON.stringify(key)}:${stringifyExact(item, `${path}.${key}`)}`);
    return `{${properties.join(',')}}`;
  }
  const got = typeof value === 'object' ? value.constructor.name : typeof value;
  throw new TypeError(`${path}: expected plain JSON data, got ${got}`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
