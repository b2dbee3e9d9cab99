/** Describes a value in a few words for messages: `got ${describe(value)}`. Never throws. */
export function describe(value: unknown): string {
  try {
    return shorten(words(value));
  } catch {
    return 'an object that cannot be read';
  }
}

function words(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n, a bigint`;
  if (typeof value === 'function') return `a function ${value.name}`.trimEnd();
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `an array of ${value.length}: [${entries(value)}]`;
  const name = value.constructor?.name ?? 'Object';
  if (ArrayBuffer.isView(value)) {
    const array = value as unknown as ArrayLike<unknown>;
    return `${withArticle(name)} of ${array.length}: [${entries(array)}]`;
  }
  if (value instanceof Error) return String(value);
  if (name !== 'Object') return withArticle(name);
  const keys = Object.keys(value);
  return keys.length > 0 ? `an object with keys ${keys.join(', ')}` : 'an object without keys';
}

function entries(array: ArrayLike<unknown>): string {
  const shown = Array.from({ length: Math.min(array.length, 8) }, (_, i) => {
    const entry = array[i];
    if (Array.isArray(entry)) return `[${entries(entry)}]`;
    if (typeof entry === 'bigint') return `${entry}n`;
    return typeof entry === 'string' ? JSON.stringify(entry) : String(entry);
  });
  return array.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

function shorten(text: string, limit = 120): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
