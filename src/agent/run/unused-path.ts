import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A path in `dir` where nothing is yet: `name`, or else `name-2`, `name-3` and so on. A run that goes back, or is
 * resumed, comes to the same step again, and must not write over what it kept there.
 */
export function unusedPath(dir: string, name: string, extension = ''): string {
  for (let i = 1; ; i++) {
    const path = join(dir, `${name}${i === 1 ? '' : `-${i}`}${extension}`);
    if (!existsSync(path)) return path;
  }
}
