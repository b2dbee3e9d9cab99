import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a module of ours in a thread. From the sources, which are TypeScript, it is loaded by tsx.
 * @param url of the module
 */
export function startThread(url: URL, options: WorkerOptions = {}): Worker {
  if (!url.pathname.endsWith('.ts')) return new Worker(url, options);
  const program = `
    import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
      register();
      return import(${JSON.stringify(url.href)});
    });`;
  return new Worker(program, { ...options, eval: true, execArgv: [] });
}
