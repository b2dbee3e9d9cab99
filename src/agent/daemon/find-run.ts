import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../common/errors.ts';
import { runDirOf } from './managed-run.ts';

/**
 * The directory of a run, given by its name in a daemon's folder or by its path.
 * @throws UsageError where neither exists
 */
export function findRun(run: string, dir: string): string {
  const holdsRun = (path: string) =>
    ['config.resolved.yaml', 'stderr.log'].some((file) => existsSync(join(path, file)));
  const found = [runDirOf(dir, run), run].find(holdsRun);
  if (found !== undefined) return found;
  throw new UsageError(
    `${run}: expected the name of a run in ${dir} that has begun, or a run directory`,
  );
}
