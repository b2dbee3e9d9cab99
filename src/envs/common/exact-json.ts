/** The deepest nesting of plain data. */
const MOST_DEPTH = 1000;

/**
 * The reason why JSON text cannot hold `value` exactly; undefined where it can. It can hold plain data: null,
 * booleans, strings, all numbers but NaN, lists without holes and plain objects of them. A property whose value is
 * undefined counts as absent.
 *
 * @param path the name of the value; the reason begins with the path of the wrong part
 */
export function explainPlain(value: unknown, path: string): string | undefined {
  const problem = explain(value, []);
  return problem && `${path}${problem}`;
}

/**
 * Turns `value` into JSON text from which `JSON.parse` restores every number exactly: unlike
 * `JSON.stringify` it keeps −0 and ±Infinity (as ±1e999), and it throws for values that JSON would
 * silently alter. It leaves out properties whose value is undefined.
 *
 * @throws TypeError naming the path of the part that is no plain data (`explainPlain`)
 */
export function stringifyExact(value: unknown, path = 'state'): string {
  const problem = explainPlain(value, path);
  if (problem !== undefined) throw new TypeError(problem);
  return write(value);
}

/** The reason with the path relative to `value`: `.a[3]: expected …`. */
function explain(value: unknown, within: object[]): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isNaN(value) ? ': expected a number, got NaN' : undefined;
    case 'string':
    case 'boolean':
      return undefined;
    case 'object':
      return value === null ? undefined : explainObject(value, within);
    case 'bigint':
      return unplain('bigint (String keeps it exactly)');
    default:
      return unplain(typeof value);
  }
}

function explainObject(value: object, within: object[]): string | undefined {
  if (within.includes(value)) return unplain('a cycle: an object that holds this one');
  if (within.length === MOST_DEPTH) return unplain(`one nested deeper than ${MOST_DEPTH}`);
  within.push(value);
  const problem = Array.isArray(value) ? explainList(value, within) : explainMap(value, within);
  within.pop();
  return problem;
}

function explainList(list: unknown[], within: object[]): string | undefined {
  for (let i = 0; i < list.length; i++) {
    if (list[i] === undefined && !(i in list)) return `[${i}]${unplain('a hole in an array')}`;
    const problem = explain(list[i], within);
    if (problem !== undefined) return `[${i}]${problem}`;
  }
  return undefined;
}

function explainMap(map: object, within: object[]): string | undefined {
  const prototype = Object.getPrototypeOf(map);
  if (prototype !== null && prototype !== Object.prototype) {
    const list = ArrayBuffer.isView(map) ? ' (Array.from makes a list of it)' : '';
    return unplain(`${prototype.constructor?.name || 'an instance of a class'}${list}`);
  }
  if (Object.getOwnPropertySymbols(map).length > 0) return unplain('a symbol for a key');
  for (const [key, part] of Object.entries(map)) {
    const problem = part === undefined ? undefined : explain(part, within);
    if (problem !== undefined) return `.${key}${problem}`;
  }
  return undefined;
}

function unplain(got: string): string {
  return `: expected plain JSON data, got ${got}`;
}

function write(value: unknown): string {
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return '-0.0';
    return Number.isFinite(value) ? String(value) : value > 0 ? '1e999' : '-1e999';
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const properties = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${properties.map(([key, part]) => `${JSON.stringify(key)}:${write(part)}`).join(',')}}`;
}
