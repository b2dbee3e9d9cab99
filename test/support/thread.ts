import { relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import { startThread as start } from '../../src/kernels/common/thread.ts';
import { built } from './built.ts';

const root = resolve(import.meta.dirname, '../..');

/** `startThread` in tests: from the build, where a thread takes half as long to start. */
export function startThread(
  beside: string | undefined,
  name: string,
  options?: WorkerOptions,
): Worker {
  const path = built(relative(root, fileURLToPath(beside!)));
  return start(pathToFileURL(path).href, name, options);
}
