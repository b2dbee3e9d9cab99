import { renameKeys } from './rename-keys.ts';

/** Names in metrics.jsonl and events.jsonl that have changed since 0.1. */
const RENAMED = { steps: 'envSteps', inARow: 'consecutive' };
/** Names in the rows of an evaluation's `forcedDepth` that have. */
const RENAMED_IN_ROWS = { steps: 'ponderSteps' };

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

function withNewNames(line: { evaluation?: { forcedDepth?: object[] } }): object {
  const { evaluation } = line;
  const forcedDepth = evaluation?.forcedDepth?.map((row) => renameKeys(row, RENAMED_IN_ROWS));
  const renamed = renameKeys(line, RENAMED);
  return forcedDepth ? { ...renamed, evaluation: { ...evaluation, forcedDepth } } : renamed;
}
