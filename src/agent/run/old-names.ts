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
