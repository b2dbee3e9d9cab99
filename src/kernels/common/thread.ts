import { Worker, type WorkerOptions } from 'node:worker_threads';
import { ownFile } from './own-file.ts';
import { workerArgv } from './worker-argv.ts';

/**
 * Starts a module of this package in a thread. When the package runs from its TypeScript sources, tsx loads the module.
 * @param beside `import.meta.url` of a module in the same folder
 * @param name of its file, without an extension
 * @throws Error where the file does not exist, as in a bundle
 * @internal
 */
export function startThread(
  beside: string | undefined,
  name: string,
  options: WorkerOptions = {},
): Worker {
  const fromSources = beside?.endsWith('.ts');
  const url = ownFile(`./${name}.${fromSources ? 'ts' : 'js'}`, beside);
  if (!fromSources) return new Worker(url, { execArgv: workerArgv(process.execArgv), ...options });
  const program = `
    import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
      register();
      return import(${JSON.stringify(url.href)});
    });`;
  return new Worker(program, { ...options, eval: true, execArgv: [] });
}
