import type { ConfigFile } from './config-folder.ts';

/** The configs of a folder: those of a run each, and the invalid ones. */
export interface Assigned {
  /** Keyed by the run's name. */
  runs: Map<string, ConfigFile>;
  invalid: { file: string; problem: string }[];
}

/**
 * Finds the run of each config.
 * @param known the file of each existing run, keyed by the run's name; a second file of that name does not replace it
 */
export function assignFiles(
  files: readonly ConfigFile[],
  known: ReadonlyMap<string, string>,
): Assigned {
  const assigned: Assigned = { runs: new Map(), invalid: [] };
  const runOf = new Map([...known].map(([run, file]) => [file, run]));
  const isKnown = ({ file }: ConfigFile, name: string) => known.get(name) === file;
  for (const found of files) {
    if ('problem' in found) {
      const run = runOf.get(found.file);
      if (run === undefined) assigned.invalid.push(found);
      else if (!assigned.runs.has(run)) assigned.runs.set(run, found);
      continue;
    }
    const { name } = found.config;
    const other = assigned.runs.get(name);
    if (other === undefined || 'problem' in other) assigned.runs.set(name, found);
    else {
      const [first, second] = isKnown(found, name) ? [found, other] : [other, found];
      assigned.runs.set(name, first);
      assigned.invalid.push({
        file: second.file,
        problem: `name: expected a name that no other config has, got "${name}", the name in ${first.file}`,
      });
    }
  }
  return assigned;
}
