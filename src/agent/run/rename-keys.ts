/** A copy of an object with other names for some of its keys; any other value, or an object without them, itself. */
export function renameKeys<T>(value: T, names: Readonly<Record<string, string>>): T {
  if (typeof value !== 'object' || value === null) return value;
  if (!Object.keys(names).some((old) => old in value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [names[name] ?? name, entry]),
  ) as T;
}
