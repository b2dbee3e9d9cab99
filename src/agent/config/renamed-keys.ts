import { UsageError } from '../common/errors.ts';
import { warn } from '../common/warn.ts';

/** Keys that have another name since 0.1, by the old one; both are paths from the config's root. */
const RENAMED: Readonly<Record<string, string>> = {
  normalise: 'normalize',
  'guards.inARow': 'guards.consecutive',
  'recipe.forced': 'recipe.forcedShare',
  'halting.steps': 'halting.ponderSteps',
  'evaluation.steps': 'evaluation.ponderSteps',
};

const warned = new Set<string>();

/** A path by today's names; warns, once a process and key, where it has an old one. */
export function renamedPath(path: readonly string[]): string[] {
  for (const [old, name] of Object.entries(RENAMED)) {
    const keys = old.split('.');
    if (keys.some((key, i) => path[i] !== key)) continue;
    warnOnce(old, name);
    return [...name.split('.'), ...path.slice(keys.length)];
  }
  return [...path];
}

/** A place in a config where a key has an old name. */
export interface RenamedKey {
  /** The mapping that holds the key. */
  parent: string[];
  old: string;
  name: string;
}

/**
 * The keys that a config gives by an old name. Warns of each, once a process.
 * @param has whether there is a value at a path
 * @throws UsageError where a key has both its names
 */
export function renamedKeys(has: (path: readonly string[]) => boolean): RenamedKey[] {
  return Object.entries(RENAMED).flatMap(([oldPath, newPath]) => {
    if (!has(oldPath.split('.'))) return [];
    if (has(newPath.split('.'))) {
      throw new UsageError(`${oldPath} was renamed ${newPath}: expected one of them, got both`);
    }
    warnOnce(oldPath, newPath);
    const parent = oldPath.split('.');
    return [{ parent, old: parent.pop()!, name: newPath.split('.').at(-1)! }];
  });
}

function warnOnce(old: string, name: string): void {
  if (warned.has(old)) return;
  warned.add(old);
  warn(`${old} is called ${name} now; version 0.3 will refuse the old name`, {
    type: 'DeprecationWarning',
    code: 'PONDERA_RENAMED_KEY',
  });
}
