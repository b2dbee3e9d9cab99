import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The address of a file that this package ships beside its code.
 *
 * @param path relative to the module
 * @param beside the module, as `import.meta.url`
 * @throws Error where it is not there: not built yet, or the code is in a bundle, which leaves files behind
 * @internal
 */
export function ownFile(path: string, beside: string | undefined): URL {
  // In a CommonJS bundle, import.meta.url is undefined.
  const url = beside === undefined ? undefined : new URL(path, beside);
  if (url && existsSync(url)) return url;
  throw new Error(
    `pondera: ${url ? fileURLToPath(url) : path} is missing, a file of this package. A bundler leaves it behind: keep pondera out ` +
      'of the bundle (esbuild: --external:pondera). In its own repository, "npm run prepare" makes it',
  );
}
