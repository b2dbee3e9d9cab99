import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ownFile } from '../../kernels/index.ts';

/** The arguments of Node.js that run this package's command, from its sources or from its build. */
export function ownCommand(): string[] {
  const extension = extname(import.meta.url);
  const main = fileURLToPath(ownFile(`../cli/main${extension}`, import.meta.url));
  if (extension !== '.ts') return [main];
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return ['--import', pathToFileURL(tsx).href, main];
}
