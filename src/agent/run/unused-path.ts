import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The first unused path in `dir` among `name`, `name-2`, `name-3` and so on. A run that resumes or goes back to a
 * checkpoint reaches the same step again and must not overwrite its earlier file.
 */
export function unusedPath(dir: string, name: string, extension = ''): string {
  for (let i = 1; ; i++) {
    const path = join(dir, `${name}${i === 1 ? '' : `-${i}`}${extension}`);
    if (!existsSync(path)) return path;
  }
}
