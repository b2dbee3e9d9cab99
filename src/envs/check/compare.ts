/** Whether two pieces of plain data are equal; NaN equals itself, and 0 equals -0. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b) || ArrayBuffer.isView(a) !== ArrayBuffer.isView(b)) {
    return false;
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => same(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}

/** Where a value is not what JSON gives back, as `path is …`; undefined where it is. */
export function notJson(value: unknown, path = 'snapshot'): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${path} is ${value}`;
  }
  if (typeof value !== 'object') return `${path} is ${typeof value}`;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return `${path} is of class ${value.constructor.name}`;
  }
  for (const [key, part] of Object.entries(value)) {
    // JSON leaves out undefined properties, which read back as undefined.
    if (part === undefined && !Array.isArray(value)) continue;
    const problem = notJson(part, `${path}.${key}`);
    if (problem) return problem;
  }
  return undefined;
}
