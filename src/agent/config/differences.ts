import { isDeepStrictEqual } from 'node:util';

/** A field in which two configs differ: its dotted path, and its value in each. */
export interface ConfigDifference {
  field: string;
  values: readonly [unknown, unknown];
}

/** Where two configs differ, each field by itself. */
export function configDifferences(
  a: unknown,
  b: unknown,
  path: readonly string[] = [],
): ConfigDifference[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isMapping(a) || !isMapping(b)) return [{ field: path.join('.'), values: [a, b] }];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => configDifferences(a[key], b[key], [...path, key]));
}

/** Differences as a message lists them: `ppo.epochs (4 there, 2 now)`. */
export function differencesText(differences: readonly ConfigDifference[]): string {
  return differences
    .map(({ field, values: [there, now] }) => `${field} (${shown(there)} there, ${shown(now)} now)`)
    .join(', ');
}

function shown(value: unknown): string {
  const text = value === undefined ? 'not set' : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
