import type { ConfigFile } from './config-folder.ts';

/** What the configs of a folder are: each the config of one run, or of none. */
export interface Assigned {
  /** By the name of the run. */
  runs: Map<string, ConfigFile>;
  invalid: { file: string; problem: string }[];
}

/**
 * Finds which run each config is of.
 * @param known the file that each run came from, by its name: it keeps it, whatever else bears its name
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
