import { Worker, type WorkerOptions } from 'node:worker_threads';
import { ownFile } from '../../kernels/index.ts';

/**
 * Starts a module of ours in a thread. From the sources, which are TypeScript, it is loaded by tsx.
 * @param beside the module that it lies beside, as `import.meta.url`
 * @param name of its file, without an extension
 * @throws Error where the module is not there, as in a bundle
 */
export function startThread(
  beside: string | undefined,
  name: string,
  options: WorkerOptions = {},
): Worker {
  const fromSources = beside?.endsWith('.ts');
  const url = ownFile(`./${name}.${fromSources ? 'ts' : 'js'}`, beside);
  if (!fromSources) return new Worker(url, options);
  const program = `
    import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
      register();
      return import(${JSON.stringify(url.href)});
    });`;
  return new Worker(program, { ...options, eval: true, execArgv: [] });
}
