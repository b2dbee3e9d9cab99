/** Names in metrics.jsonl and events.jsonl that have changed since 0.1. */
const RENAMED: Readonly<Record<string, string>> = {
  steps: 'envSteps',
  inARow: 'consecutive',
};

/** Renames the fields of a line of metrics.jsonl or events.jsonl from Pondera 0.1 to the current names. */
export function withNewNames<T extends object>(line: T): T {
  if (!Object.keys(RENAMED).some((old) => old in line)) return line;
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [RENAMED[name] ?? name, value]),
  ) as T;
}

/**
 * Parses a line of metrics.jsonl or events.jsonl, and renames the fields of Pondera 0.1.
 * @returns undefined if the line is incomplete, or its field `key` is not of the type `type`
 */
export function parseLine(
  line: string,
  key: string,
  type: 'string' | 'number',
): object | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value?.[key] === type ? withNewNames(value) : undefined;
  } catch {
    return undefined;
  }
}
