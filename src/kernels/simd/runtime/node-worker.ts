import { Worker } from 'node:worker_threads';

/** Starts a thread of Node.js. @param source its program @param workerData what it reads as `workerData` */
export function startWorker(source: string, workerData: object): Worker {
  // Without the flags of the main program, such as a loader for TypeScript.
  return new Worker(source, { eval: true, execArgv: [], workerData });
}
